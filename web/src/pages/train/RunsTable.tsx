import { Play, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { pageUrl } from '../../app/pages';
import { Badge, type Tone } from '../../components/Badge';
import { Button, ButtonLink, IconButton } from '../../components/Button';
import { Card } from '../../components/Card';
import { ConfirmDialog } from '../../components/Dialog';
import { measure, when } from '../../components/format';
import { type Column, Table } from '../../components/Table';

type Run = Schemas['Run'];

export const RUN_STATES: Readonly<Record<Run['state'], { word: string; tone: Tone }>> = {
  training: { word: 'in training', tone: 'accent' },
  stopped: { word: 'stopped', tone: 'warn' },
  trained: { word: 'trained', tone: 'neutral' },
  evaluated: { word: 'evaluated', tone: 'good' },
  broken: { word: 'damaged', tone: 'bad' },
};

interface RunsTableProps {
  project: string;
  runs: readonly Run[];
  onOpen: (run: string) => void;
}

export function RunsTable({ project, runs, onOpen }: RunsTableProps) {
  const [removing, setRemoving] = useState<string | null>(null);
  const remove = useAction(
    (run: string) => client.DELETE('/api/projects/{project}/runs/{run}', { params: { path: { project, run } } }),
    { onDone: () => setRemoving(null) },
  );
  const columns: Column<Run>[] = [
    {
      key: 'name',
      title: 'Name',
      cell: (run) => (
        <button className="link-button" onClick={() => onOpen(run.name)} type="button">
          {run.name}
        </button>
      ),
    },
    {
      key: 'state',
      title: 'State',
      cell: (run) => (
        <span className="row">
          <Badge tone={RUN_STATES[run.state].tone}>{RUN_STATES[run.state].word}</Badge>
          {!run.fits_skeleton && run.state !== 'training' && <Badge tone="warn">other keypoints</Badge>}
        </span>
      ),
    },
    { key: 'created', title: 'Made', cell: (run) => when(run.created) },
    { key: 'preset', title: 'Preset', cell: (run) => run.preset || '–' },
    { key: 'train', title: 'Learned from', isNumber: true, cell: (run) => run.n_train || '–' },
    { key: 'test', title: 'Tested on', isNumber: true, cell: (run) => run.n_test || '–' },
    { key: 'error', title: 'Test error', isNumber: true, cell: (run) => measure(run.test_error_px, 'px') },
    {
      key: 'actions',
      title: <span className="visually-hidden">Actions</span>,
      cell: (run) => (
        <span className="row row--end">
          {run.state === 'stopped' && <Resume project={project} run={run} />}
          {(run.state === 'trained' || run.state === 'evaluated') && (
            <ButtonLink size="sm" to={pageUrl(project, 'evaluate', { run: run.name })}>
              Evaluate
            </ButtonLink>
          )}
          {run.state !== 'training' && (
            <IconButton icon={Trash2} label={`Delete ${run.name}`} onClick={() => setRemoving(run.name)} size="sm" />
          )}
        </span>
      ),
    },
  ];
  return (
    <Card isFlush title="Networks">
      <Table columns={columns} label="Networks" rowKey={(run) => run.name} rows={runs} />
      {removing !== null && (
        <ConfirmDialog
          confirm="Delete"
          isBusy={remove.isBusy}
          isDangerous
          onClose={() => setRemoving(null)}
          onConfirm={() => remove.run(removing)}
          title={`Delete ${removing}?`}
        >
          <p>Its weights and its evaluation are deleted for good. Labels and results stay.</p>
        </ConfirmDialog>
      )}
    </Card>
  );
}

function Resume({ project, run }: { project: string; run: Run }) {
  const resume = useAction(() =>
    dataOf(
      client.POST('/api/projects/{project}/runs', {
        params: { path: { project } },
        body: {
          name: run.name,
          preset: 'balanced',
          split: 'blocks:0.8',
          settings: {},
          resume: true,
          overwrite: false,
        },
      }),
    ),
  );
  return (
    <Button icon={Play} isBusy={resume.isBusy} onClick={() => resume.run()} size="sm">
      Resume
    </Button>
  );
}
