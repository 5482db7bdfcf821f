/** Builds the session of a project once everything it needs is known. */

import { useEffect, useMemo, useState } from 'react';
import { api } from '../../api/client';
import { PAGE_ID } from '../../app/pageId';
import { coloursFor } from '../../engine/palette';
import type { Place } from './backend';
import { Drafts } from './drafts';
import { LabelSession } from './labelSession';
import { serverBackend } from './serverBackend';
import { skeletonFromWire } from './wire';

export interface Opened {
  readonly session: LabelSession;
  readonly colours: readonly string[];
  readonly nFrames: ReadonlyMap<string, number>;
}

export function useLabelSession(
  project: string,
  first: Place | null,
  isPrefilling: boolean,
): { opened: Opened | null; error: unknown } {
  const path = { params: { path: { project } } };
  const [session, projectInfo, videos] = [
    api.useQuery('get', '/api/session', {}),
    api.useQuery('get', '/api/projects/{project}', path),
    api.useQuery('get', '/api/projects/{project}/videos', path),
  ];
  const isReady = session.data && projectInfo.data && videos.data;
  // The lists are asked for again when a job ends; only another skeleton or other videos make another session.
  const signature = isReady
    ? JSON.stringify([
        session.data.labeller,
        projectInfo.data.skeleton,
        projectInfo.data.individuals,
        videos.data.map(({ key, n_frames, stamp }) => [key, n_frames, stamp]),
      ])
    : null;
  const [opened, setOpened] = useState<Opened | null>(null);
  const [failure, setFailure] = useState<unknown>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for what the data holds
  const made = useMemo(() => {
    if (!isReady) return null;
    const { skeleton, individuals } = projectInfo.data;
    const chosen: Readonly<Record<string, string>> = skeleton.colours;
    const colours = coloursFor(skeleton.keypoints.length).map(
      (colour, k) => chosen[skeleton.keypoints[k] ?? ''] ?? colour,
    );
    return {
      colours,
      individuals,
      skeleton: skeletonFromWire(skeleton),
      labeller: session.data.labeller,
      stamps: new Map(videos.data.map(({ key, stamp }) => [key, stamp])),
      nFrames: new Map(videos.data.map(({ key, n_frames }) => [key, n_frames ?? 0])),
    };
  }, [signature]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the first place only says where to begin
  useEffect(() => {
    if (!made) return;
    const { skeleton, individuals, nFrames, colours, stamps, labeller } = made;
    const backend = serverBackend({ project, labeller, page: PAGE_ID, stamps });
    const current = new LabelSession({ skeleton, individuals, nFrames }, backend, new Drafts(project));
    current.isPrefilling = isPrefilling;
    let isCurrent = true;
    setOpened({ session: current, colours, nFrames });
    setFailure(null);
    current.start(first).catch((error: unknown) => {
      if (isCurrent) setFailure(error);
    });
    return () => {
      isCurrent = false;
      current.close();
    };
  }, [project, made, isPrefilling]);

  return { opened, error: session.error ?? projectInfo.error ?? videos.error ?? failure };
}
