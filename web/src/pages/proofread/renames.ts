/** Tracks that were given other names: they keep their places among the others, and what is known of them. */

import { useState } from 'react';
import type { Choice, Suspicion } from './repairs';

export type NameOf = (name: string) => string;

/** The new name by the old one, of names that were replaced where they stood. */
export function renamesOf(before: readonly string[], after: readonly string[]): ReadonlyMap<string, string> {
  const renames = new Map<string, string>();
  if (before.length !== after.length) return renames;
  for (const [track, old] of before.entries()) {
    const name = after[track];
    if (name !== undefined && !after.includes(old) && !before.includes(name)) renames.set(old, name);
  }
  return renames;
}

/** Tell what tracks are called that had other names when they were shown last, whoever renamed them. */
export function useRenames(names: readonly string[], onRenamed: (nameOf: NameOf) => void): void {
  const [seen, setSeen] = useState(names);
  if (seen === names) return;
  setSeen(names);
  const renames = renamesOf(seen, names);
  if (renames.size > 0) onRenamed((name) => renames.get(name) ?? name);
}

/** What is chosen, by the names that its tracks have now. */
export function choiceAs(choice: Choice, nameOf: NameOf): Choice {
  const { first, second } = choice;
  return { ...choice, first: first && nameOf(first), second: second && nameOf(second) };
}

export function issueAs(issue: Suspicion, nameOf: NameOf): Suspicion {
  return { ...issue, tracks: issue.tracks.map(nameOf) };
}
