import { Play } from 'lucide-react';
import { useState } from 'react';
import { api, client, type Schemas } from '../../api/client';
import { sentence } from '../../api/errors';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { Card } from '../../components/Card';
import { ChoiceCards, SelectField, TextField } from '../../components/Field';
import { Loaded, Problem } from '../../components/Problem';
import { useSettled } from '../../components/useSettled';
import { Advanced, type Settings } from './Advanced';
import { Plan } from './Plan';

type Preset = Schemas['TrainingRequest']['preset'];

const SPLITS = [
  { value: 'blocks:0.8', label: 'The last fifth of every video, in time' },
  { value: 'videos:0.8', label: 'A fifth of the videos, whole' },
  { value: 'random:0.8', label: 'A random fifth (flatters the network)' },
  { value: 'all', label: 'None: train with everything, test nothing' },
] as const;

interface TrainingFormProps {
  project: string;
  /** Names of runs that there are. */
  taken: readonly string[];
  isFirst: boolean;
}

export function TrainingForm({ project, taken, isFirst }: TrainingFormProps) {
  const path = { project };
  const choices = api.useQuery('get', '/api/projects/{project}/training', { params: { path } });
  const [typed, setTyped] = useState<string | null>(null);
  const [preset, setPreset] = useState<Preset>('balanced');
  const [split, setSplit] = useState<string>('blocks:0.8');
  const [settings, setSettings] = useState<Settings>({});
  const name = typed ?? freeName(taken);
  const body = { name: name.trim(), preset, split, settings, resume: false, overwrite: false };
  const start = useAction(() => dataOf(client.POST('/api/projects/{project}/runs', { params: { path }, body })), {
    onDone: () => {
      setTyped(null);
      // Its curves are at the top.
      document.getElementById('main')?.scrollTo({ top: 0 });
    },
    isQuiet: true,
  });
  const isTaken = taken.includes(name.trim());
  return (
    <Card
      text={isFirst ? 'Start with what is chosen here; it suits most projects.' : undefined}
      title={isFirst ? 'Train your first network' : 'Train a network'}
    >
      <Loaded query={choices}>
        {(data) => (
          <div className="stack">
            <ChoiceCards
              label="Preset"
              onChange={setPreset}
              options={data.presets.map((option) => ({
                value: option.name as Preset,
                title: option.title,
                text: sentence(option.text),
              }))}
              value={preset}
            />
            <div className="split">
              <div className="stack">
                <TextField
                  error={isTaken ? 'There is a network of this name: choose another.' : undefined}
                  hint="You will find the network again under this name."
                  label="Name"
                  onChange={setTyped}
                  value={name}
                />
                <SelectField
                  hint="These frames are kept from the network, to see how it does on what it never saw."
                  label="Kept for the test"
                  onChange={setSplit}
                  options={SPLITS}
                  value={split}
                />
              </div>
              <PlanView body={body} project={project} />
            </div>
            <Advanced choices={data} onChange={setSettings} settings={settings} />
            {start.error ? <Problem error={start.error} title="The training could not be started." /> : null}
            <div>
              <Button
                disabled={name.trim() === '' || isTaken}
                icon={Play}
                isBusy={start.isBusy}
                kind="primary"
                onClick={() => start.run()}
                size="lg"
              >
                Train
              </Button>
            </div>
          </div>
        )}
      </Loaded>
    </Card>
  );
}

function PlanView({ project, body }: { project: string; body: Schemas['TrainingRequest'] }) {
  const settled = useSettled(body.name ? JSON.stringify(body) : '', 400);
  const plan = api.useQuery(
    'post',
    '/api/projects/{project}/training/plan',
    {
      params: { path: { project } },
      body: settled ? (JSON.parse(settled) as Schemas['TrainingRequest']) : body,
    },
    { placeholderData: (old) => old, retry: false, enabled: settled !== '' },
  );
  if (plan.isError) return <Problem error={plan.error} title="This would not work." />;
  return (
    <Loaded query={plan}>
      {(data) => (
        <div className="stack">
          <Plan plan={data} />
          {data.problems.map((problem) => (
            <Callout key={problem} kind="warn">
              {sentence(problem)}
            </Callout>
          ))}
        </div>
      )}
    </Loaded>
  );
}

/** "run-1", or the next that is free. */
function freeName(taken: readonly string[]): string {
  let number = taken.length + 1;
  while (taken.includes(`run-${number}`)) number += 1;
  return `run-${number}`;
}
