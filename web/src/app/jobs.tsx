/** The jobs of the server, as they are now, for every page of this tab. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { queryClient } from '../api/client';
import { followJobs, type Job } from '../api/jobStream';

const JobsContext = createContext<readonly Job[]>([]);

const ENDED = new Set<Job['status']>(['done', 'failed', 'cancelled', 'stopped', 'lost']);

export function hasEnded(job: Job): boolean {
  return ENDED.has(job.status);
}

export function JobsProvider({ children }: { children: ReactNode }) {
  const [jobs, setJobs] = useState<ReadonlyMap<string, Job>>(new Map());
  const known = useRef<ReadonlyMap<string, Job> | null>(null);
  useEffect(() => {
    const show = (next: Map<string, Job>) => {
      // Before the first list, what the page shows was asked for just now: only what it started can be news.
      const isNews = (known.current !== null || hasActed()) && hasNewEnd(known.current ?? new Map(), next);
      known.current = next;
      setJobs(next);
      // What a job made shows up in lists and counts; nobody should have to reload a page for it.
      if (isNews) void queryClient.invalidateQueries();
    };
    return followJobs({
      onJobs: (all) => show(new Map(all.map((job) => [job.id, job]))),
      onJob: (job) => show(new Map(known.current ?? []).set(job.id, job)),
    });
  }, []);
  const list = useMemo(() => [...jobs.values()].sort((a, b) => b.created.localeCompare(a.created)), [jobs]);
  return <JobsContext.Provider value={list}>{children}</JobsContext.Provider>;
}

const hasActed = () => queryClient.getMutationCache().getAll().length > 0;

/** Whether a job has ended since `before` was known; a quick one may come and end without having been seen. */
export function hasNewEnd(before: ReadonlyMap<string, Job>, now: ReadonlyMap<string, Job>): boolean {
  return [...now.values()].some((job) => {
    const old = before.get(job.id);
    return hasEnded(job) && (old === undefined || !hasEnded(old));
  });
}

/** All jobs, latest first; of one project where it is given. */
export function useJobs(project?: string): readonly Job[] {
  const jobs = useContext(JobsContext);
  return useMemo(() => (project ? jobs.filter((job) => job.project === project) : jobs), [jobs, project]);
}

/** One job; undefined until it is known. */
export function useJob(id: string | null | undefined): Job | undefined {
  const jobs = useContext(JobsContext);
  return id ? jobs.find((job) => job.id === id) : undefined;
}
