/** Builds what several views are labelled with, once everything it needs is known. */

import { useEffect, useMemo, useState } from 'react';
import { api } from '../../api/client';
import { PAGE_ID } from '../../app/pageId';
import { coloursFor } from '../../engine/palette';
import { recordingFrame } from '../../engine/recordingClock';
import { Drafts } from '../label/drafts';
import { LabelSession } from '../label/labelSession';
import { serverBackend } from '../label/serverBackend';
import { skeletonFromWire } from '../label/wire';
import type { Chosen } from '../views/SessionGate';
import { timingsOf } from '../views/useViewsSession';
import { ViewsDesk } from './viewsDesk';

export interface OpenedDesk {
  readonly desk: ViewsDesk;
  readonly colours: readonly string[];
}

export function useDesk(project: string, { session, cameras, frame }: Chosen) {
  const path = { params: { path: { project } } };
  const [user, info, videos, frames] = [
    api.useQuery('get', '/api/session', {}),
    api.useQuery('get', '/api/projects/{project}', path),
    api.useQuery('get', '/api/projects/{project}/videos', path),
    api.useQuery('get', '/api/projects/{project}/frames', path),
  ];
  const isReady = user.data && info.data && videos.data && frames.data;
  // Only another skeleton, other videos or other cameras make another desk; saved labels do not.
  const signature = isReady
    ? JSON.stringify([info.data.skeleton, info.data.individuals, videos.data.map(({ key, stamp }) => [key, stamp])])
    : null;
  const setUp = JSON.stringify([session.name, session.videos, session.offsets, session.dropped, cameras]);
  const [opened, setOpened] = useState<OpenedDesk | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the signatures stand for what the data holds
  const made = useMemo(() => {
    if (!isReady) return null;
    const chosen: Readonly<Record<string, string>> = info.data.skeleton.colours;
    const { keypoints } = info.data.skeleton;
    return {
      skeleton: skeletonFromWire(info.data.skeleton),
      individuals: info.data.individuals,
      labeller: user.data.labeller,
      colours: coloursFor(keypoints.length).map((colour, k) => chosen[keypoints[k] ?? ''] ?? colour),
      timings: timingsOf(session, videos.data),
      frames: frames.data.map((item) => ({ video: item.video, frame: item.frame })),
    };
  }, [signature, setUp]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the first frame only says where to begin
  useEffect(() => {
    if (!made) return;
    const { skeleton, individuals, labeller, timings, frames: known } = made;
    const stamps = new Map(timings.map(({ key, stamp }) => [key, stamp]));
    const nFrames = new Map(timings.map(({ key, timing }) => [key, timing.nFrames]));
    const backend = serverBackend({ project, labeller, page: PAGE_ID, stamps });
    const views = cameras.flatMap((camera) => {
      const found = timings.find((item) => item.camera === camera.name);
      if (!found) return [];
      const own = new LabelSession({ skeleton, individuals, nFrames }, backend, new Drafts(project));
      return [{ camera, video: found.key, timing: found.timing, session: own }];
    });
    const queue = views.flatMap(({ video, timing }) =>
      known.filter((item) => item.video === video).map((item) => recordingFrame(timing, item.frame)),
    );
    const rising = [...new Set(queue)].sort((a, b) => a - b);
    const asked = frame > 0 ? frame : null;
    const desk = new ViewsDesk(views, individuals, skeleton.keypoints, session.n_frames, rising, asked);
    setOpened({ desk, colours: made.colours });
    return () => desk.close();
  }, [project, made]);

  return { opened, error: user.error ?? info.error ?? videos.error ?? frames.error };
}
