import { useState } from 'react';
import { client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { NumberField, TextField } from '../../components/Field';
import type { Place } from '../../components/FileBrowser';
import { JobCard } from '../../components/JobCard';
import { Problem } from '../../components/Problem';
import { FolderField, useFirstRoot } from './FolderField';
import { useArrival } from './useArrival';

interface DemoDialogProps {
  onOpened: (project: Schemas['Project']) => void;
  onClose: () => void;
}

export function DemoDialog({ onOpened, onClose }: DemoDialogProps) {
  const [name, setName] = useState('marey-demo');
  const [minutes, setMinutes] = useState<number | null>(3);
  const [chosen, setChosen] = useState<Place | null>(null);
  const firstRoot = useFirstRoot();
  const parent = chosen ?? firstRoot;
  const arrival = useArrival(onOpened);
  const start = useAction((body: Schemas['DemoRequest']) => dataOf(client.POST('/api/projects/demo', { body })), {
    isQuiet: true,
  });
  return (
    <Dialog
      actions={
        !arrival.job && (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              disabled={!name.trim() || !parent}
              isBusy={start.isBusy}
              kind="primary"
              onClick={() => parent && start.run({ parent, name: name.trim(), minutes }, arrival.expect)}
            >
              Make the demo
            </Button>
          </>
        )
      }
      onClose={onClose}
      text="A made-up mouse in an arena: rendered, labelled, trained and analysed on this computer."
      title="Demo project"
    >
      {arrival.job ? (
        <div className="stack">
          <JobCard job={arrival.job} />
          <p className="soft small">This window may be closed; the demo goes on and will be among your projects.</p>
          {arrival.error ? <Problem error={arrival.error} /> : null}
        </div>
      ) : (
        <div className="stack">
          <TextField label="Name" onChange={setName} value={name} />
          <NumberField
            hint="More time gives a better network."
            label="Time for training"
            max={60}
            min={0.1}
            onChange={setMinutes}
            unit="minutes"
            value={minutes}
          />
          <FolderField label="Folder that the demo will be put into" onChange={setChosen} value={parent} />
          {start.error ? <Problem error={start.error} title="The demo could not be made." /> : null}
        </div>
      )}
    </Dialog>
  );
}
