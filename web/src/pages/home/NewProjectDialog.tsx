import { useState } from 'react';
import { api, client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { ChoiceCards, NumberField, TextField } from '../../components/Field';
import type { Place } from '../../components/FileBrowser';
import { plural } from '../../components/format';
import { Problem } from '../../components/Problem';
import { FolderField, useFirstRoot } from './FolderField';

type Project = Schemas['Project'];

const SCRATCH = 'from scratch';

interface NewProjectDialogProps {
  onMade: (project: Project) => void;
  onClose: () => void;
}

export function NewProjectDialog({ onMade, onClose }: NewProjectDialogProps) {
  const [name, setName] = useState('');
  const [template, setTemplate] = useState('');
  const [animals, setAnimals] = useState<number | null>(1);
  const [chosen, setChosen] = useState<Place | null>(null);
  const firstRoot = useFirstRoot();
  const parent = chosen ?? firstRoot;
  const templates = api.useQuery('get', '/api/templates');
  const make = useAction((body: Schemas['NewProject']) => dataOf(client.POST('/api/projects', { body })), {
    onDone: onMade,
    isQuiet: true,
  });
  const canMake = name.trim() !== '' && template !== '' && parent !== null;
  const submit = () => {
    if (parent)
      make.run({
        parent,
        name: name.trim(),
        template: template === SCRATCH ? null : template,
        individuals: individualNames(animals ?? 1),
      });
  };
  return (
    <Dialog
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button disabled={!canMake} isBusy={make.isBusy} kind="primary" onClick={submit}>
            Make project
          </Button>
        </>
      }
      isWide
      onClose={onClose}
      text="A project is a folder of plain files. You can move it, copy it and share it."
      title="New project"
    >
      <div className="stack">
        <TextField autoFocus label="Name" onChange={setName} placeholder="Open field, spring 2026" value={name} />
        <div className="field">
          <span className="field__label">Animal</span>
          <ChoiceCards
            label="Animal"
            onChange={setTemplate}
            options={[
              ...(templates.data ?? []).map((option) => ({
                value: option.name,
                title: option.title,
                text: pointsOf(option.skeleton),
              })),
              { value: SCRATCH, title: 'From scratch', text: 'Name your own points on the Skeleton page.' },
            ]}
            value={template}
          />
          <p className="field__hint">The points can be changed later, also when some are labelled.</p>
        </div>
        <NumberField
          hint="How many animals are in a picture at most."
          label="Animals at once"
          max={100}
          min={1}
          onChange={setAnimals}
          step={1}
          value={animals}
        />
        <FolderField label="Folder that the project will be put into" onChange={setChosen} value={parent} />
        {make.error ? <Problem error={make.error} title="The project could not be made." /> : null}
      </div>
    </Dialog>
  );
}

function pointsOf({ keypoints }: Schemas['SkeletonBody']): string {
  return keypoints.length <= 1
    ? 'draw your own points'
    : `${plural(keypoints.length, 'point')}: ${keypoints.slice(0, 3).join(', ')} …`;
}

function individualNames(n: number): string[] {
  return n <= 1 ? [] : Array.from({ length: n }, (_, index) => `animal${index + 1}`);
}
