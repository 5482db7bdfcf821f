/** Which results can be proofread, and which of them is shown first. */

import type { Schemas } from '../../api/client';
import { readStored, writeStored } from '../../app/storage';

type Result = Pick<Schemas['Result'], 'id' | 'name' | 'individuals'>;

const MOST_KEPT = 50;

/** Those of several animals; and tracks, whatever a repair left of them: it can be taken back only where it was made. */
export function offered<R extends Result>(all: readonly R[], asked: string | null, known: readonly string[]): R[] {
  return all.filter(
    (item) => item.individuals.length > 1 || isTracked(item) || item.id === asked || known.includes(item.id),
  );
}

/** The latest that was tracked; else the one that was open last; else the latest. */
export function usualOf<R extends Result>(results: readonly R[], known: readonly string[]): R | undefined {
  const last = known.map((id) => results.find((item) => item.id === id)).find((item) => item !== undefined);
  return results.find(isTracked) ?? last ?? results[0];
}

/** The results of a project that were open here as tracks, the last one first. */
export function knownAsTracks(project: string): readonly string[] {
  try {
    const stored: unknown = JSON.parse(readStored(nameOf(project)) ?? '[]');
    return Array.isArray(stored) ? stored.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

export function keepAsTracks(project: string, result: string): void {
  const others = knownAsTracks(project).filter((id) => id !== result);
  writeStored(nameOf(project), JSON.stringify([result, ...others].slice(0, MOST_KEPT)));
}

function isTracked({ name }: Result): boolean {
  return name.endsWith('-tracks');
}

const nameOf = (project: string) => `proofread.results.${project}`;
