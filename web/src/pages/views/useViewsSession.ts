/** Opens a recording session: its videos, and its poses in 3D where there are some. */

import { useEffect, useMemo, useState } from 'react';
import { loadBitmap } from '../../api/binary';
import { api, frameUrl, type Schemas } from '../../api/client';
import type { RecordingSession } from '../cameras/useRig';
import { type PosesSource, ViewsSession } from './viewsSession';

const QUALITY = 85;

/** What each camera's video is: its length and where it stands when the recording begins. */
export function timingsOf(session: RecordingSession, videos: readonly Schemas['Video'][]) {
  return Object.entries(session.videos).map(([camera, key]) => {
    const video = videos.find((item) => item.key === key);
    return {
      camera,
      key,
      stamp: video?.stamp ?? '',
      fps: video?.fps ?? null,
      timing: {
        offset: session.offsets[camera] ?? 0,
        dropped: session.dropped[camera] ?? [],
        nFrames: video?.n_frames ?? 0,
      },
    };
  });
}

export function useViewsSession(
  project: string,
  session: RecordingSession,
  cameras: ReadonlySet<string>,
  first: number,
) {
  const videos = api.useQuery('get', '/api/projects/{project}/videos', { params: { path: { project } } });
  const name = session.reconstruction ?? '';
  const found = api.useQuery(
    'get',
    '/api/projects/{project}/cameras/reconstructions/{name}',
    { params: { path: { project, name } } },
    { enabled: name !== '' },
  );
  const isReady = videos.data !== undefined && (name === '' || found.data !== undefined);
  const signature = isReady
    ? JSON.stringify([session, found.data, videos.data?.map(({ key, stamp }) => [key, stamp])])
    : '';
  const [opened, setOpened] = useState<ViewsSession | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for what the data holds
  const made = useMemo(() => {
    if (!isReady || !videos.data) return null;
    const sources = timingsOf(session, videos.data)
      .filter(({ camera }) => cameras.has(camera))
      .map(({ camera, key, stamp, timing }) => ({
        camera,
        timing,
        load: (frame: number, signal: AbortSignal) =>
          loadBitmap(frameUrl(project, key, frame, { quality: QUALITY, stamp }), signal),
      }));
    return { sources, poses: found.data ? posesSource(project, found.data) : null };
  }, [signature, project, cameras]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the first frame only says where to begin
  useEffect(() => {
    if (!made) return;
    const current = new ViewsSession(made.sources, made.poses, session.n_frames, first);
    setOpened(current);
    return () => current.close();
  }, [made]);

  return { opened, reconstruction: found.data ?? null, error: videos.error ?? found.error };
}

function posesSource(project: string, found: Schemas['Reconstruction']): PosesSource {
  const path = `/api/projects/${encodeURIComponent(project)}/cameras/reconstructions/${encodeURIComponent(found.id)}`;
  return {
    url: `${path}/values`,
    nFrames: found.n_frames,
    firstFrame: found.first_frame,
    nKeypoints: found.keypoints.length,
    nIndividuals: found.individuals.length,
  };
}
