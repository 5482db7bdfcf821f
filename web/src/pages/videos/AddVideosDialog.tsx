import { useState } from 'react';
import { client, type Schemas } from '../../api/client';
import { sentence } from '../../api/errors';
import { dataOf, useAction } from '../../api/useAction';
import { Callout } from '../../components/Callout';
import { CheckField } from '../../components/Field';
import { plural } from '../../components/format';
import { PlaceDialog } from '../../components/PlaceDialog';
import { Problem } from '../../components/Problem';
import { useToast } from '../../components/Toast';
import { useFirstRoot } from '../home/FolderField';

export function AddVideosDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const [copy, setCopy] = useState(false);
  const [refused, setRefused] = useState<Schemas['NotAdded'][]>([]);
  const toast = useToast();
  const start = useFirstRoot();
  const add = useAction(
    (places: Schemas['Place'][]) =>
      dataOf(
        client.POST('/api/projects/{project}/videos', {
          params: { path: { project } },
          body: { places, copy_into_project: copy, metadata: {} },
        }),
      ),
    {
      onDone: (outcome) => {
        if (outcome.added.length > 0) toast.say(`${plural(outcome.added.length, 'video')} added.`);
        setRefused(outcome.refused);
        if (outcome.refused.length === 0) onClose();
      },
      isQuiet: true,
    },
  );
  if (!start) return null;
  return (
    <PlaceDialog
      canTick={(entry) => entry.kind === 'video' || entry.kind === 'images'}
      choose="Add"
      isBusy={add.isBusy}
      isMultiple
      onChoose={(places) => add.run(places)}
      onClose={onClose}
      start={start}
      text="Tick as many as you like. Every video is read once, to number its frames exactly."
      title="Add videos"
    >
      <CheckField
        checked={copy}
        hint="Otherwise the files stay where they are. Copy them to move the project together with its videos."
        label="Copy them into the project"
        onChange={setCopy}
      />
      {refused.map(({ place, message, hint }) => (
        <Callout key={place.path} kind="bad" title={`${place.path.split('/').at(-1)} was not added.`}>
          {sentence(message)} {hint && sentence(hint)}
        </Callout>
      ))}
      {add.error ? <Problem error={add.error} title="The videos could not be added." /> : null}
    </PlaceDialog>
  );
}
