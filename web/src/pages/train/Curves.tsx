import { useMemo } from 'react';
import { api, fileUrl, type Schemas } from '../../api/client';
import { measure } from '../../components/format';
import { LineChart } from '../../components/LineChart';
import { Picture } from '../../components/Picture';
import { Loaded } from '../../components/Problem';

const LIVE_MS = 3_000;
const N_SAMPLES = 4;

interface CurvesProps {
  project: string;
  run: string;
  isLive?: boolean;
}

/** How a training went, or goes: its curves, and what the network sees by now. */
export function Curves({ project, run, isLive = false }: CurvesProps) {
  const curve = api.useQuery(
    'get',
    '/api/projects/{project}/runs/{run}/curve',
    { params: { path: { project, run } } },
    { refetchInterval: isLive ? LIVE_MS : false },
  );
  return (
    <Loaded query={curve}>
      {({ rows, samples }) => (
        <div className="stack">
          {rows.length === 0 ? (
            <p className="soft small">The curves begin after the first steps.</p>
          ) : (
            <Chart rows={rows} run={run} />
          )}
          {samples.length > 0 && <Samples project={project} run={run} samples={samples} />}
        </div>
      )}
    </Loaded>
  );
}

function Chart({ rows, run }: { rows: readonly Schemas['CurvePoint'][]; run: string }) {
  const steps = useMemo(() => rows.map((row) => row.step), [rows]);
  const series = useMemo(
    () => [
      { label: 'Loss', values: rows.map((row) => row.loss), colour: '--text-faint', isRight: true, digits: 4 },
      { label: 'Error on unseen frames (px)', values: rows.map((row) => row.validation_error_px), colour: '--accent' },
    ],
    [rows],
  );
  return (
    <LineChart
      label={`Loss and error of ${run} over its training steps`}
      rightTitle="Loss"
      series={series}
      x={steps}
      xTitle="Step"
      yTitle="Error (px)"
    />
  );
}

function Samples({ project, run, samples }: CurvesProps & { samples: readonly Schemas['RunSample'][] }) {
  const newest = [...samples].sort((a, b) => b.step - a.step).slice(0, N_SAMPLES);
  const folder = `/api/projects/${encodeURIComponent(project)}/runs/${encodeURIComponent(run)}/samples`;
  return (
    <section aria-label="What the network sees" className="stack">
      <p className="soft small">Unseen frames: a ring is your label, a dot is what the network says.</p>
      <div className="samples">
        {newest.map((sample) => (
          <figure className="sample" key={sample.name}>
            <Picture
              alt={`Prediction on ${sample.video} after ${sample.step} steps`}
              src={fileUrl(`${folder}/${encodeURIComponent(sample.name)}.jpg`)}
            />
            <figcaption className="number">
              step {sample.step} · {measure(sample.error_px, 'px')}
            </figcaption>
          </figure>
        ))}
      </div>
    </section>
  );
}
