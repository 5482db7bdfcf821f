import { useState } from 'react';
import { client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field, TextField } from '../../components/Field';
import { Problem } from '../../components/Problem';

interface EditProjectDialogProps {
  project: Schemas['Project'];
  onClose: () => void;
}

/** The name of a project, its animals, and the conditions of its experiment. */
export function EditProjectDialog({ project, onClose }: EditProjectDialogProps) {
  const [name, setName] = useState(project.name);
  const [individuals, setIndividuals] = useState(project.individuals.join('\n'));
  const [conditions, setConditions] = useState(project.conditions.join('\n'));
  const save = useAction(
    (body: Schemas['ProjectPatch']) =>
      dataOf(client.PATCH('/api/projects/{project}', { params: { path: { project: project.id } }, body })),
    { onDone: onClose, isQuiet: true },
  );
  return (
    <Dialog
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            disabled={!name.trim()}
            isBusy={save.isBusy}
            kind="primary"
            onClick={() =>
              save.run({ name: name.trim(), individuals: linesOf(individuals), conditions: linesOf(conditions) })
            }
          >
            Save
          </Button>
        </>
      }
      onClose={onClose}
      title="Name and animals"
    >
      <div className="stack">
        <TextField label="Name" onChange={setName} value={name} />
        <Lines
          hint="One a line. Leave it empty where there is only ever one animal in the picture."
          label="Animals"
          onChange={setIndividuals}
          value={individuals}
        />
        <Lines
          hint="One a line: control, treated … Each video can be given one."
          label="Conditions"
          onChange={setConditions}
          value={conditions}
        />
        {save.error ? <Problem error={save.error} title="This could not be saved." /> : null}
      </div>
    </Dialog>
  );
}

interface LinesProps {
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
}

function Lines({ label, hint, value, onChange }: LinesProps) {
  return (
    <Field hint={hint} label={label}>
      {(props) => (
        <textarea
          {...props}
          className="input"
          onChange={(event) => onChange(event.target.value)}
          rows={4}
          value={value}
        />
      )}
    </Field>
  );
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}
