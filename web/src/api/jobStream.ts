/**
 * The jobs of the server as they change: one stream of events, read with fetch so that the token can go along, closed
 * while nobody looks, and replaced by asking every few seconds where a proxy holds streams back.
 *
 * Browsers allow six connections to a server, for all tabs together. So of all windows that are visible only the one
 * that holds a lock reads the stream, and tells the others; where there are no locks, each has its own.
 */
import { baseUrl, client, type Schemas } from './client';
import { toApiError } from './errors';
import { parseServerEvents } from './serverEvents';
import { readToken } from './token';

export type Job = Schemas['Job'];
export type JobEvent = Schemas['JobEvent'];

const POLL_MS = 2_500;
const SILENCE_MS = 30_000;
const RETRY_MS = 1_500;
const FAILURES_BEFORE_POLLING = 3;

export interface JobsListener {
  onJobs: (jobs: Job[]) => void;
  onJob: (job: Job) => void;
}

/** Follow the jobs until the returned function is called. */
export function followJobs(listener: JobsListener): () => void {
  let stop = new AbortController();
  const start = () => {
    stop.abort();
    stop = new AbortController();
    if (!document.hidden) void followTogether(listener, stop.signal);
  };
  document.addEventListener('visibilitychange', start);
  start();
  return () => {
    document.removeEventListener('visibilitychange', start);
    stop.abort();
  };
}

/** What the window that reads tells the others. */
type Told = { readonly jobs: Job[] } | { readonly job: Job };

async function followTogether(listener: JobsListener, signal: AbortSignal): Promise<void> {
  // Plain HTTP from another computer is no secure context, and has no locks.
  if (!navigator.locks || typeof BroadcastChannel === 'undefined') return follow(listener, signal);
  const name = `marey jobs ${baseUrl()}`;
  const channel = new BroadcastChannel(name);
  signal.addEventListener('abort', () => channel.close());
  let isInformed = false;
  const hear = (told: Told) => {
    isInformed = true;
    if ('jobs' in told) listener.onJobs(told.jobs);
    else listener.onJob(told.job);
  };
  const tell = (told: Told) => {
    hear(told);
    if (!signal.aborted) channel.postMessage(told);
  };
  channel.onmessage = (message: MessageEvent<Told>) => hear(message.data);
  const reading = navigator.locks.request(name, { signal }, () =>
    follow({ onJobs: (jobs) => tell({ jobs }), onJob: (job) => tell({ job }) }, signal),
  );
  const { data } = await client.GET('/api/jobs', { signal }).catch(() => ({ data: undefined }));
  if (data && !isInformed && !signal.aborted) listener.onJobs(data);
  await reading.catch(() => undefined);
}

async function follow(listener: JobsListener, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted && failures < FAILURES_BEFORE_POLLING) {
    try {
      const heard = await readStream(listener, signal);
      failures = heard ? 0 : failures + 1;
    } catch {
      failures += 1;
    }
    await pause(RETRY_MS, signal);
  }
  while (!signal.aborted) {
    const { data } = await client.GET('/api/jobs', { signal }).catch(() => ({ data: undefined }));
    if (data) listener.onJobs(data);
    await pause(POLL_MS, signal);
  }
}

/** Read the stream to its end; returns whether anything came. */
async function readStream(listener: JobsListener, signal: AbortSignal): Promise<boolean> {
  const silence = new AbortController();
  let timer = window.setTimeout(() => silence.abort(), SILENCE_MS);
  let heard = false;
  try {
    const token = readToken();
    const response = await fetch(`${baseUrl()}/api/jobs/stream`, {
      headers: { Accept: 'text/event-stream', ...(token === null ? {} : { Authorization: `Bearer ${token}` }) },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || !response.body) throw await toApiError(response);
    for await (const event of parseServerEvents(response.body)) {
      heard = true;
      window.clearTimeout(timer);
      timer = window.setTimeout(() => silence.abort(), SILENCE_MS);
      if (event.type === 'jobs') listener.onJobs(JSON.parse(event.data) as Job[]);
      else if (event.type === 'job') listener.onJob(JSON.parse(event.data) as Job);
    }
  } finally {
    window.clearTimeout(timer);
  }
  return heard;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}
