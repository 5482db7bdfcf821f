/** Opens a result: its description, its frame numbers where needed, and the session that shows it. */

import { useEffect, useState } from 'react';
import { loadBitmap } from '../../api/binary';
import { api, client, fileUrl, frameUrl, type Schemas } from '../../api/client';
import { readToken } from '../../api/token';
import { ResultSession } from './resultSession';

const ASK_AGAIN_MS = 250;
const QUALITY = 85;

/** `hasTimeline`: wait until the summary that a timeline is drawn from is there. */
export function useResultSession(
  project: string,
  result: string | null,
  firstFrame: number | null,
  hasTimeline = true,
) {
  const [session, setSession] = useState<ResultSession | null>(null);
  const [error, setError] = useState<unknown>(null);
  const { data: videos } = api.useQuery('get', '/api/projects/{project}/videos', { params: { path: { project } } });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the first frame only says where to begin
  useEffect(() => {
    if (result === null || !videos) return;
    let isOver = false;
    let opened: ResultSession | null = null;
    setError(null);
    (hasTimeline ? summarisedResult(project, result, () => isOver) : readResult(project, result))
      .then(({ detail, frames }) => {
        if (isOver) return;
        const video = videos.find(({ key, is_missing }) => key === detail.video && !is_missing);
        const load = (frame: number, signal: AbortSignal) =>
          loadBitmap(frameUrl(project, video?.key ?? '', frame, { quality: QUALITY, stamp: video?.stamp }), signal);
        opened = new ResultSession(project, detail, frames, video ? load : null, firstFrame);
        setSession(opened);
      })
      .catch((problem: unknown) => {
        if (!isOver) setError(problem);
      });
    return () => {
      isOver = true;
      opened?.close();
      setSession(null);
    };
  }, [project, result, hasTimeline, videos === undefined]);

  return { session, error };
}

/** Describe a result as it is now, whether or not its summary for the timeline is there. */
export async function readResult(project: string, result: string) {
  const path = { project, result };
  const { data: detail } = await client.GET('/api/projects/{project}/results/{result}', { params: { path } });
  if (!detail) throw new Error('The server did not describe this result');
  return { detail, frames: await frameNumbers(project, detail) };
}

/** Describe a result once its summary for the timeline is there, or as it is when nobody waits any more. */
export async function summarisedResult(project: string, result: string, isOver: () => boolean) {
  const path = { project, result };
  for (;;) {
    const { data: detail } = await client.GET('/api/projects/{project}/results/{result}', { params: { path } });
    if (!detail) throw new Error('The server did not describe this result');
    if (detail.levels.length > 0 || detail.n_frames === 0 || isOver())
      return { detail, frames: await frameNumbers(project, detail) };
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

async function frameNumbers(project: string, detail: Schemas['ResultDetail']): Promise<Float64Array | null> {
  if (detail.is_contiguous) return null;
  const base = `/api/projects/${encodeURIComponent(project)}/results/${encodeURIComponent(detail.id)}`;
  const token = readToken();
  const headers: HeadersInit = token === null ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(fileUrl(`${base}/frames`), { headers });
  return new Float64Array(await response.arrayBuffer());
}
