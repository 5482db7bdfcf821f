import { useState } from 'react';
import { api, client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { CheckField, SelectField, TextField } from '../../components/Field';
import type { Place } from '../../components/FileBrowser';
import { JobCard } from '../../components/JobCard';
import { PlaceDialog } from '../../components/PlaceDialog';
import { Problem } from '../../components/Problem';
import { FolderField, PlacePath, useFirstRoot } from './FolderField';
import { useArrival } from './useArrival';

interface ImportDialogProps {
  onOpened: (project: Schemas['Project']) => void;
  onClose: () => void;
}

export function ImportDialog({ onOpened, onClose }: ImportDialogProps) {
  const [source, setSource] = useState<Place | null>(null);
  if (!source) {
    return (
      <PlaceDialog
        canChooseFolder
        canTick={(entry) => entry.kind === 'poses' || entry.kind === 'file' || entry.kind === 'folder'}
        choose="Continue"
        onChoose={([place]) => place && setSource(place)}
        onClose={onClose}
        text="A DeepLabCut or Lightning Pose project folder, a SLEAP file (.slp), or COCO annotations (.json)."
        title="Import from another tool"
      />
    );
  }
  return <ImportForm onClose={onClose} onOpened={onOpened} source={source} />;
}

function ImportForm({ source, onOpened, onClose }: ImportDialogProps & { source: Place }) {
  const session = api.useQuery('get', '/api/session');
  const [name, setName] = useState(nameOf(source));
  const [format, setFormat] = useState('');
  const [copyVideos, setCopyVideos] = useState(false);
  const [chosen, setChosen] = useState<Place | null>(null);
  const firstRoot = useFirstRoot();
  const parent = chosen ?? firstRoot;
  const start = useAction((body: Schemas['ImportRequest']) => dataOf(client.POST('/api/projects/import', { body })), {
    isQuiet: true,
  });
  const arrival = useArrival(onOpened);
  const submit = () => {
    if (!parent) return;
    const body = {
      source,
      parent,
      name: name.trim(),
      format: format || null,
      copy_videos: copyVideos,
      author: session.data?.labeller ?? '',
    };
    start.run(body, arrival.expect);
  };
  if (arrival.job) {
    return (
      <Dialog onClose={onClose} text="This window may be closed; the import goes on." title="Importing">
        <div className="stack">
          <JobCard job={arrival.job} />
          {arrival.error ? (
            <Problem error={arrival.error} title="The project was imported, but could not be opened." />
          ) : null}
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button disabled={!name.trim() || !parent} isBusy={start.isBusy} kind="primary" onClick={submit}>
            Import
          </Button>
        </>
      }
      onClose={onClose}
      text="Your files stay as they are: a new project is made from them."
      title="Import from another tool"
    >
      <div className="stack">
        <div className="field">
          <span className="field__label">From</span>
          <PlacePath place={source} />
        </div>
        <TextField label="Name of the new project" onChange={setName} value={name} />
        <SelectField
          label="Made by"
          onChange={setFormat}
          options={[
            { value: '', label: 'Find out from the files' },
            ...(session.data?.import_formats ?? []).map((option) => ({ value: option.name, label: option.title })),
          ]}
          value={format}
        />
        <FolderField label="Folder that the project will be put into" onChange={setChosen} value={parent} />
        <CheckField
          checked={copyVideos}
          hint="Otherwise they stay where they are and the project remembers where."
          label="Copy the videos into the project"
          onChange={setCopyVideos}
        />
        {start.error ? <Problem error={start.error} title="The import could not be started." /> : null}
      </div>
    </Dialog>
  );
}

/** What a project of this source would be called: the folder's or file's name without its ending. */
function nameOf(source: Place): string {
  const last = source.path.split('/').at(-1) ?? '';
  return last.replace(/\.[a-z0-9]+$/i, '') || 'imported';
}
