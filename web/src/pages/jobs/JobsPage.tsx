import { Activity, ScrollText, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { client } from '../../api/client';
import type { Job } from '../../api/jobStream';
import { useAction } from '../../api/useAction';
import { hasEnded, useJobs } from '../../app/jobs';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { duration, when } from '../../components/format';
import { JobCard } from '../../components/JobCard';
import { Page } from '../../components/Page';
import { LogDialog } from './LogDialog';

/** Long tasks: they go on when this page, or the server, is closed. */
export default function JobsPage({ project }: { project?: string }) {
  const jobs = useJobs(project);
  const running = jobs.filter((job) => !hasEnded(job));
  const ended = jobs.filter(hasEnded);
  const [log, setLog] = useState<Job | null>(null);
  return (
    <Page isNarrow text="Long tasks go on when you close this page, and even when the server stops." title="Jobs">
      {jobs.length === 0 ? (
        <Card>
          <EmptyState icon={Activity} title="Nothing has run yet">
            Trainings, analyses and whatever else takes time will be listed here.
          </EmptyState>
        </Card>
      ) : (
        <>
          <Group jobs={running} onLog={setLog} title="Running and waiting" />
          <Group jobs={ended} onLog={setLog} title="Ended" />
        </>
      )}
      {log && <LogDialog job={log} onClose={() => setLog(null)} />}
    </Page>
  );
}

function Group({ title, jobs, onLog }: { title: string; jobs: readonly Job[]; onLog: (job: Job) => void }) {
  if (jobs.length === 0) return null;
  return (
    <section aria-label={title} className="stack">
      <h2>{title}</h2>
      {jobs.map((job) => (
        <JobCard job={job} key={job.id}>
          <div className="row row--between">
            <p className="soft small">{timesOf(job)}</p>
            <div className="row">
              <Button icon={ScrollText} kind="quiet" onClick={() => onLog(job)} size="sm">
                Log
              </Button>
              {hasEnded(job) && <Forget job={job} />}
            </div>
          </div>
        </JobCard>
      ))}
    </section>
  );
}

function Forget({ job }: { job: Job }) {
  const forget = useAction(() => client.DELETE('/api/jobs/{job}', { params: { path: { job: job.id } } }));
  return (
    <Button icon={Trash2} isBusy={forget.isBusy} kind="quiet" onClick={() => forget.run()} size="sm">
      Forget
    </Button>
  );
}

/** "today 14:03, took 3 min 20 s, on the processor". */
function timesOf(job: Job): string {
  const parts = [when(job.started ?? job.created)];
  if (job.started && job.finished)
    parts.push(`took ${duration((Date.parse(job.finished) - Date.parse(job.started)) / 1000)}`);
  if (job.slot?.startsWith('gpu')) parts.push('on the graphics card');
  else if (job.slot?.startsWith('cpu')) parts.push('on the processor');
  return parts.join(', ');
}
