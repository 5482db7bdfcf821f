import { FileText, Gauge, RefreshCw } from 'lucide-react';
import { useSearchParams } from 'wouter';
import { api, client, fileUrl, type Schemas } from '../../api/client';
import { ApiError } from '../../api/errors';
import { dataOf, useAction } from '../../api/useAction';
import { hasEnded, useJobs } from '../../app/jobs';
import { type PageProps, pageUrl } from '../../app/pages';
import { Button, ButtonLink } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { SelectField } from '../../components/Field';
import { JobCard } from '../../components/JobCard';
import { Page } from '../../components/Page';
import { Loaded, Problem } from '../../components/Problem';
import { Tabs } from '../../components/Tabs';
import { Comparison } from './Comparison';
import { Figures } from './Figures';
import './EvaluatePage.css';
import { WorstPoints } from './WorstPoints';

type Run = Schemas['Run'];
type TabName = 'figures' | 'worst' | 'compare';

const TABS = [
  { name: 'figures', title: 'How good it is' },
  { name: 'worst', title: 'Where it is wrong' },
  { name: 'compare', title: 'Compare networks' },
] as const;

export default function EvaluatePage({ project }: PageProps) {
  const runs = api.useQuery('get', '/api/projects/{project}/runs', { params: { path: { project } } });
  return (
    <Page text="How far off the network is, on pictures that it never saw." title="Evaluate">
      <Loaded query={runs}>
        {(list) => {
          const usable = list.filter((run) => run.state === 'trained' || run.state === 'evaluated');
          return usable.length === 0 ? (
            <Card>
              <EmptyState
                actions={
                  <ButtonLink kind="primary" to={pageUrl(project, 'train')}>
                    Train a network
                  </ButtonLink>
                }
                icon={Gauge}
                title="No trained network yet"
              >
                Train a network first; then see here how far off it is, point by point.
              </EmptyState>
            </Card>
          ) : (
            <Chosen project={project} runs={usable} />
          );
        }}
      </Loaded>
    </Page>
  );
}

function Chosen({ project, runs }: { project: string; runs: readonly Run[] }) {
  const [search, setSearch] = useSearchParams();
  const run = runs.find(({ name }) => name === search.get('run')) ?? runs[0];
  const tab = TABS.find(({ name }) => name === search.get('tab'))?.name ?? 'figures';
  if (!run) return null;
  const go = (next: { run?: string; tab?: TabName }) => setSearch({ run: run.name, tab, ...next }, { replace: true });
  return (
    <>
      <SelectField
        className="evaluate__run"
        label="Network"
        onChange={(name) => go({ run: name })}
        options={runs.map(({ name }) => ({ value: name, label: name }))}
        value={run.name}
      />
      <Tabs chosen={tab} label="Evaluation" onChoose={(name) => go({ tab: name })} tabs={TABS}>
        {tab === 'compare' ? (
          <Comparison project={project} runs={runs} />
        ) : (
          <OneRun key={run.name} project={project} run={run} tab={tab} />
        )}
      </Tabs>
    </>
  );
}

function OneRun({ project, run, tab }: { project: string; run: Run; tab: 'figures' | 'worst' }) {
  const path = { project, run: run.name };
  const evaluation = api.useQuery(
    'get',
    '/api/projects/{project}/runs/{run}/evaluation',
    { params: { path } },
    { enabled: run.state === 'evaluated' },
  );
  const job = useJobs(project).find(
    (candidate) => candidate.kind === 'evaluate' && candidate.subject['run'] === run.name && !hasEnded(candidate),
  );
  const start = useAction(() =>
    dataOf(
      client.POST('/api/projects/{project}/runs/{run}/evaluation', {
        params: { path },
        body: { confidence_cut: 0.6 },
      }),
    ),
  );
  const evaluate = (text: string) => (
    <Button icon={RefreshCw} isBusy={start.isBusy} kind="primary" onClick={() => start.run()}>
      {text}
    </Button>
  );
  const isMissing =
    run.state !== 'evaluated' || (evaluation.error instanceof ApiError && evaluation.error.status === 404);
  if (job) return <JobCard job={job} />;
  if (isMissing) {
    return (
      <Card>
        <EmptyState actions={evaluate('Evaluate it')} icon={Gauge} title={`${run.name} has not been evaluated yet`}>
          It finds the points on the frames that were kept from it, and compares them with your labels.
        </EmptyState>
      </Card>
    );
  }
  if (evaluation.error) return <Problem error={evaluation.error} onRetry={() => evaluation.refetch()} />;
  if (tab === 'worst') return <WorstPoints project={project} run={run.name} />;
  return (
    <Loaded query={evaluation}>
      {(data) => (
        <div className="stack">
          {!data.is_current && (
            <Callout actions={evaluate('Evaluate again')} kind="warn" title="Labels were changed since.">
              These figures are of before.
            </Callout>
          )}
          <Figures metrics={data.metrics} />
          {data.has_report && (
            <div>
              <a
                className="button button--secondary"
                href={fileUrl(
                  `/api/projects/${encodeURIComponent(project)}/runs/${encodeURIComponent(run.name)}/report`,
                )}
                rel="noreferrer"
                target="_blank"
              >
                <FileText aria-hidden size={17} /> Full report, to keep or print
              </a>
            </div>
          )}
        </div>
      )}
    </Loaded>
  );
}
