import { useState } from 'react';
import { client } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { TextField } from '../../components/Field';
import type { FileEntry, Place } from '../../components/FileBrowser';
import { PlaceDialog } from '../../components/PlaceDialog';
import { Problem } from '../../components/Problem';

const FORMATS = /\.(toml|ya?ml|json|xml|txt|pickle|pkl)$/i;

interface Props {
  project: string;
  onClose: () => void;
}

export const canBeRead = (entry: FileEntry): boolean => FORMATS.test(entry.name);

/** A calibration of another tool is copied into the project. */
export function ImportCalibrationDialog({ project, onClose }: Props) {
  const [name, setName] = useState('');
  const load = useAction(
    (place: Place) =>
      dataOf(
        client.POST('/api/projects/{project}/cameras/calibrations', {
          params: { path: { project } },
          body: { place, name: name.trim() || stemOf(place), overwrite: false },
        }),
      ),
    { onDone: onClose, isQuiet: true },
  );
  return (
    <PlaceDialog
      canTick={canBeRead}
      choose="Import"
      isBusy={load.isBusy}
      onChoose={([place]) => place && load.run(place)}
      onClose={onClose}
      text="Files of Anipose (TOML), OpenCV (YAML, JSON), Qualisys (XML) and DeepLabCut (pickle)."
      title="Import a calibration"
    >
      <TextField hint="Left empty, that of the file." label="Name" onChange={setName} value={name} />
      {load.error ? <Problem error={load.error} title="It was not imported." /> : null}
    </PlaceDialog>
  );
}

function stemOf({ path }: Place): string {
  const file = path.split('/').at(-1) ?? 'calibration';
  return file.replace(/(\.[^.]+)+$/, '') || 'calibration';
}
