import { GraduationCap } from 'lucide-react';
import { useSearchParams } from 'wouter';
import { api } from '../../api/client';
import { hasEnded, useJobs } from '../../app/jobs';
import { type PageProps, pageUrl } from '../../app/pages';
import { ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { JobCard } from '../../components/JobCard';
import { Page } from '../../components/Page';
import { Loaded } from '../../components/Problem';
import { Curves } from './Curves';
import { RunDialog } from './RunDialog';
import { RunsTable } from './RunsTable';
import { TrainingForm } from './TrainingForm';
import './TrainPage.css';

export default function TrainPage({ project }: PageProps) {
  const params = { path: { project } };
  const summary = api.useQuery('get', '/api/projects/{project}', { params });
  const runs = api.useQuery('get', '/api/projects/{project}/runs', { params });
  const [search, setSearch] = useSearchParams();
  const active = useJobs(project).filter((job) => job.kind === 'train' && !hasEnded(job));
  const opened = search.get('run');
  const open = (run: string | null) => setSearch(run === null ? {} : { run }, { replace: true });
  return (
    <Page text="A network learns from your labels to find the points by itself." title="Train">
      {active.map((job) => (
        <JobCard job={job} key={job.id}>
          {typeof job.subject['run'] === 'string' && <Curves isLive project={project} run={job.subject['run']} />}
        </JobCard>
      ))}
      <Loaded query={summary}>
        {(data) =>
          data.n_labelled === 0 ? (
            <Card>
              <EmptyState
                actions={
                  <ButtonLink kind="primary" to={pageUrl(project, 'label')}>
                    Label frames
                  </ButtonLink>
                }
                icon={GraduationCap}
                title="Labels come first"
              >
                A network learns from examples: label about twenty frames, then train.
              </EmptyState>
            </Card>
          ) : (
            <TrainingForm
              isFirst={data.n_runs === 0}
              project={project}
              taken={(runs.data ?? []).map((run) => run.name)}
            />
          )
        }
      </Loaded>
      <Loaded query={runs}>
        {(list) => (list.length > 0 ? <RunsTable onOpen={open} project={project} runs={list} /> : null)}
      </Loaded>
      {opened !== null && <RunDialog onClose={() => open(null)} project={project} run={opened} />}
    </Page>
  );
}
