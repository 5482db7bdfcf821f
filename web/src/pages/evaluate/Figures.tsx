import { useMemo } from 'react';
import { Card } from '../../components/Card';
import { measure, percent, plural } from '../../components/format';
import { LineChart } from '../../components/LineChart';
import { type Column, Table } from '../../components/Table';
import {
  type AnimalCounts,
  type Errors,
  numberIn,
  type PartFigures,
  type PartName,
  partsOf,
  type Reliability,
} from './metrics';

const PART_WORDS: Readonly<Record<PartName, string>> = {
  test: 'Test: never seen',
  validation: 'Used to choose',
  train: 'Learned from',
};

const JUDGED_ON: Readonly<Record<PartName, string>> = {
  test: 'On frames that it never saw.',
  validation: 'On the frames that it was chosen by: the error on new frames may be larger.',
  train: 'On the frames that it learned from: the error on new frames will be larger.',
};

/** What an evaluation found: overall, point by point, and whether the confidence can be trusted. */
export function Figures({ metrics }: { metrics: Readonly<Record<string, unknown>> }) {
  const parts = partsOf(metrics);
  const judged = parts[0];
  const reference = numberIn(metrics, 'reference_length_px');
  const meansWithin = numberIn(metrics, 'confidence_means_within_px');
  if (!judged) return <p className="soft">This evaluation has no figures.</p>;
  return (
    <div className="stack">
      <Headline part={judged} reference={reference} />
      <div className="evaluate__pair">
        <Card isFlush text={JUDGED_ON[judged.part]} title="Point by point">
          <ErrorTable label="Error of every point" reference={reference} rows={judged.perKeypoint} title="Point" />
        </Card>
        {judged.reliability && <ReliabilityCard meansWithin={meansWithin} reliability={judged.reliability} />}
      </div>
      {judged.perVideo.size > 1 && (
        <Card isFlush title="Video by video">
          <ErrorTable label="Error in every video" reference={reference} rows={judged.perVideo} title="Video" />
        </Card>
      )}
      <Card
        isFlush
        text="A network that does much better on what it learned from than on the test needs more, and more different, labels."
        title="Learned and tested"
      >
        <ErrorTable
          label="Error in every part"
          reference={reference}
          rows={new Map(parts.map((part) => [PART_WORDS[part.part], part]))}
          title="Frames"
        />
      </Card>
    </div>
  );
}

function Headline({ part, reference }: { part: PartFigures; reference: number | null }) {
  const share = part.mean !== null && reference ? part.mean / reference : null;
  const interval = part.meanInterval;
  return (
    <dl className="figures">
      <Figure
        name="Mean error"
        note={interval ? `95 % sure: ${measure(interval[0])} to ${measure(interval[1], 'px')}` : undefined}
        value={measure(part.mean, 'px')}
      />
      <Figure name="Typical error" note="half of the points are closer" value={measure(part.median, 'px')} />
      <Figure
        name="Of the body’s length"
        note={reference ? `which is ${measure(reference, 'px', 0)}` : undefined}
        value={percent(share, 1)}
      />
      <Figure name="Within 5 px" note="share of the points" value={percent(part.pck['5px'])} />
      {part.animals && <AnimalFigures animals={part.animals} />}
      <Figure name="Tested on" note={plural(part.nPoints, 'point')} value={plural(part.nFrames, 'frame')} />
    </dl>
  );
}

function AnimalFigures({ animals }: { animals: AnimalCounts }) {
  const { there, found, missed, extra, oksMap } = animals;
  return (
    <>
      <Figure
        name="Animals found"
        note={`${missed} missed, ${extra} too many`}
        value={there > 0 ? percent(found / there) : '–'}
      />
      {oksMap !== null && <Figure name="OKS mAP" note="1 is perfect" value={oksMap.toFixed(2)} />}
    </>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd>
        <span className="figure__value number">{value}</span>
        {note && <span className="figure__note">{note}</span>}
      </dd>
    </div>
  );
}

interface ErrorTableProps {
  label: string;
  title: string;
  rows: ReadonlyMap<string, Errors>;
  reference: number | null;
}

function ErrorTable({ label, title, rows, reference }: ErrorTableProps) {
  const list = [...rows];
  const worst = Math.max(...list.map(([, errors]) => errors.mean ?? 0), 0);
  const columns: Column<[string, Errors]>[] = [
    { key: 'name', title, cell: ([name]) => <span className="strong error-name">{name}</span> },
    {
      key: 'bar',
      title: <span className="visually-hidden">Mean error as a bar</span>,
      width: '14%',
      cell: ([, { mean }]) => (
        <span aria-hidden className="error-bar">
          <i style={{ width: `${worst > 0 ? (100 * (mean ?? 0)) / worst : 0}%` }} />
        </span>
      ),
    },
    { key: 'mean', title: 'Mean', isNumber: true, cell: ([, { mean }]) => measure(mean, 'px') },
    { key: 'median', title: 'Median', isNumber: true, cell: ([, { median }]) => measure(median, 'px') },
    { key: 'p95', title: '95 % within', isNumber: true, cell: ([, { p95 }]) => measure(p95, 'px') },
    {
      key: 'share',
      title: 'Of body',
      isNumber: true,
      cell: ([, { mean }]) => (mean !== null && reference ? percent(mean / reference, 1) : '–'),
    },
    { key: 'n', title: 'Points', isNumber: true, cell: ([, { nPoints }]) => nPoints },
  ];
  return <Table columns={columns} label={label} rowKey={([name]) => name} rows={list} />;
}

function ReliabilityCard({ reliability, meansWithin }: { reliability: Reliability; meansWithin: number | null }) {
  const { x, series } = useMemo(() => curveOf(reliability), [reliability]);
  return (
    <Card
      text={`A point with a confidence of 80 % should be right ${meansWithin ? `(within ${measure(meansWithin, 'px')})` : ''} in 80 % of cases: on the dashed line.`}
      title="Can the confidence be trusted?"
    >
      <LineChart
        height={270}
        label="Share of right points against the confidence that the network gave them"
        series={series}
        x={x}
        xRange={[0, 1.02]}
        xTitle="Confidence"
        yRange={[0, 1.02]}
        yTitle="Share that is right"
      />
      {reliability.expectedCalibrationError !== null && (
        <p className="soft small">On average the two differ by {percent(reliability.expectedCalibrationError, 1)}.</p>
      )}
    </Card>
  );
}

/** Bins of equal confidence become one; the ends of the diagonal are added. */
function curveOf({ confidence, accuracy, count }: Reliability) {
  const bins = new Map<number, { right: number; n: number }>();
  confidence.forEach((value, index) => {
    const n = count[index] ?? 1;
    const bin = bins.get(value) ?? { right: 0, n: 0 };
    bins.set(value, { right: bin.right + (accuracy[index] ?? 0) * n, n: bin.n + n });
  });
  const x = [...new Set([0, ...bins.keys(), 1])].sort((a, b) => a - b);
  const measured = x.map((value) => {
    const bin = bins.get(value);
    return bin ? bin.right / bin.n : null;
  });
  return {
    x,
    series: [
      { label: 'Ideal', values: x, colour: '--text-faint', isDashed: true },
      { label: 'Measured', values: measured, colour: '--accent', isScatter: true },
    ],
  };
}
