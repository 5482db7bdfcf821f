import { useEffect, useRef, useState } from 'react';
import { client, type Schemas } from '../../api/client';
import type { Job } from '../../api/jobStream';
import { dataOf, useAction } from '../../api/useAction';
import { useJob } from '../../app/jobs';

type Project = Schemas['Project'];

/** Where the project is that a job made, as a path on the server; null until it is there. */
export function pathOfProject(job: Job | null | undefined): string | null {
  const path = job?.status === 'done' ? (job.result?.['project'] ?? job.result?.['path']) : null;
  return typeof path === 'string' ? path : null;
}

/** Open the project that a job made. */
export function useOpenMade(onOpened: (project: Project) => void) {
  return useAction(
    async (path: string) => {
      const place = await dataOf(client.POST('/api/files/resolve', { body: { path } }));
      return dataOf(client.POST('/api/projects/open', { body: place }));
    },
    { onDone: onOpened, isQuiet: true },
  );
}

/** Wait for a job that makes a project, then open the project. */
export function useArrival(onOpened: (project: Project) => void) {
  const [started, setStarted] = useState<Job | null>(null);
  const followed = useJob(started?.id);
  const job = followed ?? started;
  const open = useOpenMade(onOpened);
  const openedPath = useRef<string | null>(null);
  const path = pathOfProject(job);
  useEffect(() => {
    if (path === null || openedPath.current === path) return;
    openedPath.current = path;
    open.run(path);
  }, [path, open]);
  return { job, expect: setStarted, error: open.error };
}
