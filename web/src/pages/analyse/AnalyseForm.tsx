import { Play } from 'lucide-react';
import { useState } from 'react';
import { api, client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { CheckField, NumberField, SelectField } from '../../components/Field';
import { plural } from '../../components/format';
import { Problem } from '../../components/Problem';
import { useToast } from '../../components/Toast';

type AnalysisRequest = Schemas['AnalysisRequest'];

const CROPS = [
  { value: 'auto', label: 'where it helps' },
  { value: 'on', label: 'always' },
  { value: 'off', label: 'never' },
] as const;

interface AnalyseFormProps {
  project: string;
  runs: readonly string[];
  chosen: readonly string[];
  onStarted: () => void;
}

export function AnalyseForm({ project, runs, chosen, onStarted }: AnalyseFormProps) {
  const [picked, setRun] = useState('');
  const [start, setStart] = useState<number | null>(null);
  const [stop, setStop] = useState<number | null>(null);
  const [follow, setFollow] = useState<AnalysisRequest['adaptive_crop']>('auto');
  const [device, setDevice] = useState<AnalysisRequest['device']>('auto');
  const [useCrop, setUseCrop] = useState(true);
  const [dlc, setDlc] = useState(false);
  const [again, setAgain] = useState(false);
  const toast = useToast();
  const session = api.useQuery('get', '/api/session');
  const run = runs.includes(picked) ? picked : (runs[0] ?? '');
  const launch = useAction(
    (body: AnalysisRequest) =>
      dataOf(client.POST('/api/projects/{project}/analyses', { params: { path: { project } }, body })),
    {
      onDone: (jobs) => {
        toast.say(`${plural(jobs.length, 'analysis', 'analyses')} started.`);
        onStarted();
      },
      isQuiet: true,
    },
  );
  const body: AnalysisRequest = {
    run,
    videos: [...chosen],
    start: start ?? 0,
    stop,
    adaptive_crop: follow,
    device,
    engine: 'auto',
    formats: dlc ? ['dlc'] : [],
    use_crop: useCrop,
    resume: true,
    overwrite: again,
  };
  return (
    <Card title="Analyse">
      <div className="stack">
        <SelectField
          label="Network"
          onChange={setRun}
          options={runs.map((name) => ({ value: name, label: name }))}
          value={run}
        />
        <details className="advanced">
          <summary>Advanced</summary>
          <div className="stack" style={{ paddingTop: 'var(--space-3)' }}>
            <div className="row">
              <NumberField
                className="grow"
                label="From frame"
                min={0}
                onChange={setStart}
                placeholder="first"
                step={1}
                value={start}
              />
              <NumberField
                className="grow"
                label="Before frame"
                min={1}
                onChange={setStop}
                placeholder="end"
                step={1}
                value={stop}
              />
            </div>
            <SelectField label="Follow the animal with a window" onChange={setFollow} options={CROPS} value={follow} />
            <SelectField
              label="Compute on"
              onChange={setDevice}
              options={[
                { value: 'auto', label: 'whatever is fastest' },
                { value: 'cpu', label: 'the processor' },
                { value: 'cuda', label: 'the graphics card', isDisabled: session.data?.n_gpus === 0 },
              ]}
              value={device}
            />
            <CheckField
              checked={useCrop}
              label="Look only inside the crop box, where a video has one"
              onChange={setUseCrop}
            />
            <CheckField checked={dlc} label="Also write DeepLabCut’s files" onChange={setDlc} />
            <CheckField
              checked={again}
              hint="Otherwise what is there is kept, and what was interrupted goes on."
              label="Start over what was analysed before"
              onChange={setAgain}
            />
          </div>
        </details>
        <Button
          disabled={chosen.length === 0 || !run}
          icon={Play}
          isBusy={launch.isBusy}
          kind="primary"
          onClick={() => launch.run(body)}
        >
          {chosen.length === 0 ? 'Tick videos first' : `Analyse ${plural(chosen.length, 'video')}`}
        </Button>
        {launch.error ? <Problem error={launch.error} title="The analysis could not be started." /> : null}
      </div>
    </Card>
  );
}
