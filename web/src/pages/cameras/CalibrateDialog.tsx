import { useState } from 'react';
import { client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { NumberField, SelectField, TextField } from '../../components/Field';
import type { Place } from '../../components/FileBrowser';
import { PlaceDialog } from '../../components/PlaceDialog';
import { Problem } from '../../components/Problem';

type Lens = Schemas['CalibrationRequest']['lens'];
type Kind = 'chessboard' | 'file';

const LENSES: ReadonlyArray<{ value: NonNullable<Lens>; label: string }> = [
  { value: 'auto', label: 'Find out' },
  { value: 'pinhole', label: 'Ordinary' },
  { value: 'wide', label: 'Wide' },
  { value: 'fisheye', label: 'Fisheye' },
];

/** A folder of films or pictures of a board becomes a calibration. */
export function CalibrateDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const [name, setName] = useState('calibration');
  const [views, setViews] = useState('{camera}/*.jpg');
  const [kind, setKind] = useState<Kind>('chessboard');
  const [columns, setColumns] = useState<number | null>(8);
  const [rows, setRows] = useState<number | null>(6);
  const [square, setSquare] = useState<number | null>(25);
  const [file, setFile] = useState('board.toml');
  const [lens, setLens] = useState<NonNullable<Lens>>('auto');
  const start = useAction(
    (folder: Place) =>
      dataOf(
        client.POST('/api/projects/{project}/cameras/calibrations/run', {
          params: { path: { project } },
          body: {
            folder,
            views,
            board: kind === 'chessboard' ? `chessboard:${columns}x${rows}:${square}` : '',
            board_file:
              kind === 'file' ? { root: folder.root, path: [folder.path, file].filter(Boolean).join('/') } : null,
            name,
            lens,
            overwrite: false,
          },
        }),
      ),
    { onDone: onClose, isQuiet: true },
  );
  return (
    <PlaceDialog
      canChooseFolder
      choose="Calibrate"
      isBusy={start.isBusy}
      onChoose={([folder]) => folder && start.run(folder)}
      onClose={onClose}
      text="Go into the folder that holds the films or pictures of the board, by all cameras."
      title="Calibrate the cameras"
    >
      <div className="cameras-form">
        <TextField label="Name" onChange={setName} value={name} />
        <TextField
          hint="{camera} is where the camera’s name stands."
          label="Which files"
          onChange={setViews}
          value={views}
        />
        <SelectField
          label="Board"
          onChange={setKind}
          options={[
            { value: 'chessboard', label: 'Chessboard' },
            { value: 'file', label: 'ChArUco or ArUco, from a board.toml' },
          ]}
          value={kind}
        />
        <SelectField label="Lenses" onChange={setLens} options={LENSES} value={lens} />
        {kind === 'chessboard' ? (
          <>
            <NumberField label="Inner corners across" min={2} onChange={setColumns} step={1} value={columns} />
            <NumberField label="Inner corners down" min={2} onChange={setRows} step={1} value={rows} />
            <NumberField label="Side of a square" min={0} onChange={setSquare} unit="mm" value={square} />
          </>
        ) : (
          <TextField hint="Inside the folder." label="File of the board" onChange={setFile} value={file} />
        )}
      </div>
      {start.error ? <Problem error={start.error} title="The calibration was not started." /> : null}
    </PlaceDialog>
  );
}
