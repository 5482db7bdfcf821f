/** Which results can be proofread, and which of them is shown first. */

import type { Schemas } from '../../api/client';

type Result = Pick<Schemas['Result'], 'id' | 'individuals' | 'is_tracked' | 'is_smoothed'>;

/** Those of several animals; and tracks, whatever a repair left of them: it can be taken back only where it was made. */
export function offered<R extends Result>(all: readonly R[], asked: string | null): R[] {
  return all.filter((item) => item.individuals.length > 1 || item.is_tracked || item.id === asked);
}

/** The latest tracks, which are better repaired before they are smoothed; else the latest of all. */
export function usualOf<R extends Result>(results: readonly R[]): R | undefined {
  const tracks = results.filter((item) => item.is_tracked);
  return tracks.find((item) => !item.is_smoothed) ?? tracks[0] ?? results[0];
}
