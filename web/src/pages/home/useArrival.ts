import { useEffect, useRef, useState } from 'react';
import type { Schemas } from '../../api/client';
import type { Job } from '../../api/jobStream';
import { useJob } from '../../app/jobs';
import type { Place } from '../../components/FileBrowser';
import { useOpenProject } from './OpenDialog';

/** Wait for a job that makes a project, then open the project. */
export function useArrival(onOpened: (project: Schemas['Project']) => void) {
  const [started, setStarted] = useState<Job | null>(null);
  const followed = useJob(started?.id);
  const job = followed ?? started;
  const open = useOpenProject(onOpened);
  const openedFor = useRef<string | null>(null);
  useEffect(() => {
    const place = job?.status === 'done' ? placeIn(job.result) : null;
    if (!job || !place || openedFor.current === job.id) return;
    openedFor.current = job.id;
    open.run(place);
  }, [job, open]);
  return { job, expect: setStarted, error: open.error };
}

function placeIn(result: Job['result']): Place | null {
  const place: unknown = result?.['place'];
  if (typeof place !== 'object' || place === null || !('root' in place) || !('path' in place)) return null;
  const { root, path } = place;
  return typeof root === 'string' && typeof path === 'string' ? { root, path } : null;
}
