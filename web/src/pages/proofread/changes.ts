/** Changes of tracks that were asked for and are not made yet, and what may be asked for meanwhile. */

import type { Schemas } from '../../api/client';
import type { Suspicion, TrackEdit } from './repairs';

export type Change = { readonly edits: readonly TrackEdit[] } | 'undo' | 'redo';

/** How many repairs there are to undo and to do again, once these changes are made. */
export function leftAfter(
  { done, undone }: Pick<Schemas['Tracks'], 'done' | 'undone'>,
  changes: readonly Change[],
): { readonly undo: number; readonly redo: number } {
  let [undo, redo] = [done.length, undone.length];
  for (const change of changes) {
    if (change === 'undo') [undo, redo] = [undo - 1, redo + 1];
    else if (change === 'redo') [undo, redo] = [undo + 1, redo - 1];
    else [undo, redo] = [undo + change.edits.length, 0];
  }
  return { undo, redo };
}

/** Whether an issue is seen as it will be once these changes are made: they only say that others are right. */
export function isSeenAsItIs(issue: Suspicion, changes: readonly Change[]): boolean {
  return changes.every(
    (change) =>
      typeof change === 'object' && change.edits.every((edit) => edit.kind === 'confirm' && !confirms(edit, issue)),
  );
}

function confirms({ tracks, start, stop }: TrackEdit, issue: Suspicion): boolean {
  return start === issue.start && stop === issue.stop && tracks?.join('\n') === issue.tracks.join('\n');
}
