import {
  CircleCheck,
  CirclePause,
  CircleStop,
  CircleX,
  Clock,
  Loader,
  type LucideIcon,
  RotateCcw,
  Square,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { client } from '../api/client';
import { sentence } from '../api/errors';
import type { Job } from '../api/jobStream';
import { useAction } from '../api/useAction';
import { Badge, type Tone } from './Badge';
import { Button } from './Button';
import { capitalised, count, duration } from './format';
import './JobCard.css';
import { Progress } from './Progress';

const STATES: Readonly<Record<Job['status'], { word: string; tone: Tone; icon: LucideIcon }>> = {
  queued: { word: 'waiting', tone: 'neutral', icon: Clock },
  running: { word: 'running', tone: 'accent', icon: Loader },
  done: { word: 'done', tone: 'good', icon: CircleCheck },
  failed: { word: 'failed', tone: 'bad', icon: CircleX },
  cancelled: { word: 'cancelled', tone: 'neutral', icon: CircleStop },
  stopped: { word: 'stopped', tone: 'warn', icon: CirclePause },
  lost: { word: 'ended unexpectedly', tone: 'bad', icon: CircleX },
};

export function JobBadge({ status }: { status: Job['status'] }) {
  const { word, tone, icon } = STATES[status];
  return (
    <Badge icon={icon} tone={tone}>
      {word}
    </Badge>
  );
}

/** "training first" → "Training first". */
export function titleOf(job: Job): string {
  return capitalised(job.title);
}

export function useCancel(job: Job) {
  return useAction(() => client.POST('/api/jobs/{job}/cancel', { params: { path: { job: job.id } } }));
}

export function useRetry(job: Job) {
  return useAction(() => client.POST('/api/jobs/{job}/retry', { params: { path: { job: job.id } } }));
}

/** How far a job is, in words: "140 of 2 330 frames · 12 a second · 3 min left". */
export function progressWords(job: Job): string {
  if (job.status === 'queued') return 'Waits until there is room for it.';
  const { progress } = job;
  if (!progress) return job.status === 'running' ? 'Starting…' : '';
  const parts = [sentence(progress.stage).replace(/\.$/, '')];
  if (progress.total) parts.push(`${count(progress.done)} of ${count(progress.total)}`);
  if (job.status === 'running' && progress.per_second) parts.push(`${speed(progress.per_second)} a second`);
  if (job.status === 'running' && progress.seconds_left !== null) parts.push(`${duration(progress.seconds_left)} left`);
  return parts.join(' · ');
}

function speed(perSecond: number): string {
  return perSecond >= 10 ? count(perSecond) : perSecond.toFixed(1);
}

/** One job: what it is, how far, how long still, and how to stop it. */
export function JobCard({ job, children }: { job: Job; children?: ReactNode }) {
  const cancel = useCancel(job);
  const retry = useRetry(job);
  const isActive = job.status === 'running' || job.status === 'queued';
  return (
    <section aria-label={titleOf(job)} className="job">
      <div className="job__head">
        <h3 className="grow truncate">{titleOf(job)}</h3>
        <JobBadge status={job.status} />
        {job.can_cancel && isActive && (
          <Button icon={Square} isBusy={cancel.isBusy} onClick={() => cancel.run()} size="sm">
            {job.kind === 'train' ? 'Stop' : 'Cancel'}
          </Button>
        )}
        {job.can_retry && !isActive && job.status !== 'done' && (
          <Button icon={RotateCcw} isBusy={retry.isBusy} onClick={() => retry.run()} size="sm">
            {job.status === 'stopped' ? 'Resume' : 'Try again'}
          </Button>
        )}
      </div>
      {isActive && (
        <Progress
          done={job.progress?.done ?? 0}
          label={titleOf(job)}
          total={job.status === 'queued' ? 1 : (job.progress?.total ?? null)}
        />
      )}
      <p className="soft small number">{progressWords(job)}</p>
      {job.error && (
        <p className="job__error small">
          {sentence(job.error.message)} {job.error.hint && sentence(job.error.hint)}
        </p>
      )}
      {children}
    </section>
  );
}
