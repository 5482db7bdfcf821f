import { useState } from 'react';
import { api, type Schemas } from '../../api/client';
import { Badge } from '../../components/Badge';
import { Callout } from '../../components/Callout';
import { Card } from '../../components/Card';
import { CheckField } from '../../components/Field';
import { duration, measure, percent } from '../../components/format';
import { Loaded } from '../../components/Problem';
import { type Column, Table } from '../../components/Table';

type Compared = Schemas['ComparedRun'];

const COLUMNS: readonly Column<Compared>[] = [
  {
    key: 'run',
    title: 'Network',
    cell: ({ run, same_test_frames }) => (
      <span className="row">
        <span className="strong break-words">{run}</span>
        {!same_test_frames && <Badge tone="warn">other test frames</Badge>}
      </span>
    ),
  },
  { key: 'mean', title: 'Mean error', isNumber: true, cell: ({ mean_error_px }) => measure(mean_error_px, 'px') },
  {
    key: 'interval',
    title: '95 % sure',
    isNumber: true,
    cell: ({ interval_95 }) => (interval_95 ? `${measure(interval_95[0])} to ${measure(interval_95[1], 'px')}` : '–'),
  },
  { key: 'median', title: 'Median', isNumber: true, cell: ({ median_error_px }) => measure(median_error_px, 'px') },
  {
    key: 'coverage',
    title: '90 % circles hold',
    isNumber: true,
    cell: ({ interval_coverage_90 }) => percent(interval_coverage_90),
  },
  { key: 'frames', title: 'Tested on', isNumber: true, cell: ({ n_frames }) => n_frames },
  { key: 'train', title: 'Learned from', isNumber: true, cell: ({ n_train }) => n_train },
  { key: 'time', title: 'Training', isNumber: true, cell: ({ training_seconds }) => duration(training_seconds) },
];

/** Evaluated networks side by side. */
export function Comparison({ project, runs }: { project: string; runs: readonly Schemas['Run'][] }) {
  const evaluated = runs.filter((run) => run.state === 'evaluated').map((run) => run.name);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const chosen = evaluated.filter((run) => !left.has(run));
  const comparison = api.useQuery(
    'get',
    '/api/projects/{project}/comparison',
    { params: { path: { project }, query: { run: chosen, part: 'test' } } },
    { enabled: chosen.length > 0 },
  );
  if (evaluated.length < 2) {
    return (
      <Callout title="There is nothing to compare yet.">Evaluate two networks, and see them here side by side.</Callout>
    );
  }
  const toggle = (run: string, isChosen: boolean) => {
    const next = new Set(left);
    if (isChosen) next.delete(run);
    else next.add(run);
    setLeft(next);
  };
  return (
    <div className="stack">
      <fieldset className="choices row">
        <legend className="field__label">Networks</legend>
        {evaluated.map((run) => (
          <CheckField checked={!left.has(run)} key={run} label={run} onChange={(isChosen) => toggle(run, isChosen)} />
        ))}
      </fieldset>
      {chosen.length > 0 && (
        <Loaded query={comparison}>
          {(rows) => (
            <div className="stack">
              {rows.some((row) => !row.same_test_frames) && (
                <Callout kind="warn" title="Not all were tested on the same frames.">
                  Compare only those that were: a network on easier frames looks better than it is.
                </Callout>
              )}
              <Card isFlush title="On the frames kept for the test">
                <Table columns={COLUMNS} label="Comparison" rowKey={(row) => row.run} rows={rows} />
              </Card>
            </div>
          )}
        </Loaded>
      )}
    </div>
  );
}
