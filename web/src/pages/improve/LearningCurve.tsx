import { useMemo } from 'react';
import { api, type Schemas } from '../../api/client';
import { Callout } from '../../components/Callout';
import { Card } from '../../components/Card';
import { measure, when } from '../../components/format';
import { LineChart } from '../../components/LineChart';
import { Loaded } from '../../components/Problem';
import { type Column, Table } from '../../components/Table';

type Round = Schemas['Round'];

const COLUMNS: readonly Column<Round>[] = [
  { key: 'run', title: 'Network', cell: ({ run }) => <span className="strong">{run}</span> },
  { key: 'made', title: 'Made', cell: ({ created }) => when(created) },
  { key: 'train', title: 'Learned from', isNumber: true, cell: ({ n_train }) => n_train },
  { key: 'error', title: 'Test error', isNumber: true, cell: ({ test_error_px }) => measure(test_error_px, 'px') },
  {
    key: 'interval',
    title: '95 % sure',
    isNumber: true,
    cell: ({ interval_95 }) => (interval_95 ? `${measure(interval_95[0])} to ${measure(interval_95[1], 'px')}` : '–'),
  },
];

/** What the rounds of labelling and training brought. */
export function LearningCurve({ project }: { project: string }) {
  const rounds = api.useQuery('get', '/api/projects/{project}/learning-curve', { params: { path: { project } } });
  return (
    <Loaded query={rounds}>
      {(list) =>
        list.length === 0 ? null : (
          <Card isFlush text="Is it worth labelling more? The curve tells." title="What the rounds brought">
            {list.length > 1 && <Curve rounds={list} />}
            <Table columns={COLUMNS} label="Rounds" rowKey={(round) => round.run} rows={list} />
          </Card>
        )
      }
    </Loaded>
  );
}

function Curve({ rounds }: { rounds: readonly Round[] }) {
  const { x, series } = useMemo(() => {
    const sorted = [...rounds].sort((a, b) => a.n_train - b.n_train);
    // Networks that learned from equally many frames are no curve: a line between them would stand upright.
    const isScatter = new Set(sorted.map((round) => round.n_train)).size < sorted.length;
    return {
      x: sorted.map((round) => round.n_train),
      series: [
        { label: 'Test error (px)', values: sorted.map((round) => round.test_error_px), colour: '--accent', isScatter },
      ],
    };
  }, [rounds]);
  return (
    <div style={{ padding: '0 var(--space-5) var(--space-4)' }}>
      <LineChart
        label="Test error against the number of frames that were learned from"
        series={series}
        x={x}
        xTitle="Frames learned from"
        yTitle="Test error (px)"
      />
      {rounds.some((round) => !round.same_test_frames) && (
        <Callout kind="warn">
          Not all rounds were tested on the same frames, so the curve is only a rough guide.
        </Callout>
      )}
    </div>
  );
}
