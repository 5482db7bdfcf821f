import { Wand2 } from 'lucide-react';
import { useState } from 'react';
import { client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { CheckField, ChoiceCards, NumberField } from '../../components/Field';
import { Problem } from '../../components/Problem';

type Extraction = Schemas['Extraction'];

const METHODS: ReadonlyArray<{ value: Extraction['method']; title: string; text: string }> = [
  { value: 'kmeans', title: 'Different looking', text: 'Groups similar pictures and takes one of each group.' },
  { value: 'motion', title: 'With movement', text: 'Prefers moments in which something moves.' },
  { value: 'uniform', title: 'Evenly spaced', text: 'At equal distances through the video.' },
];

/** Let the computer choose frames. */
export function ChooseCard({ project, videos }: { project: string; videos: readonly Schemas['Video'][] }) {
  const [method, setMethod] = useState<Extraction['method']>('kmeans');
  const [n, setN] = useState<number | null>(20);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const usable = videos.filter((video) => !video.is_missing);
  const chosen = usable.filter((video) => !left.has(video.key)).map((video) => video.key);
  const start = useAction(
    (body: Extraction) =>
      dataOf(client.POST('/api/projects/{project}/extractions', { params: { path: { project } }, body })),
    { isQuiet: true },
  );
  const toggle = (key: string, isChosen: boolean) => {
    const next = new Set(left);
    if (isChosen) next.delete(key);
    else next.add(key);
    setLeft(next);
  };
  const body: Extraction = {
    method,
    n: n ?? 20,
    n_per_video: null,
    videos: chosen.length === videos.length ? null : chosen,
    start: 0,
    stop: null,
    seed: 0,
  };
  return (
    <Card title="Choose frames">
      <div className="stack">
        <ChoiceCards label="How" onChange={setMethod} options={METHODS} value={method} />
        <NumberField
          hint="Shared among the videos; frames that are there already stay."
          label="How many more"
          max={10000}
          min={1}
          onChange={setN}
          step={1}
          value={n}
        />
        {usable.length > 1 && (
          <fieldset className="choices">
            <legend className="field__label">From</legend>
            {usable.map((video) => (
              <CheckField
                checked={!left.has(video.key)}
                key={video.key}
                label={<span className="break-words">{video.key}</span>}
                onChange={(isChosen) => toggle(video.key, isChosen)}
              />
            ))}
          </fieldset>
        )}
        <Button
          disabled={!n || n < 1 || chosen.length === 0}
          icon={Wand2}
          isBusy={start.isBusy}
          kind="primary"
          onClick={() => start.run(body)}
        >
          Choose frames
        </Button>
        {start.error ? <Problem error={start.error} /> : null}
      </div>
    </Card>
  );
}
