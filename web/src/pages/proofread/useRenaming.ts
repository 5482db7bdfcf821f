/** Which track is being given another name, and the repair that comes of it. */

import { useState } from 'react';
import type { useRepairs } from './useProofreading';

export interface Renaming {
  /** The track whose name is a field now. */
  readonly track: string | null;
  readonly begin: (track: string) => void;
  readonly end: () => void;
  /** Make the repair; the field stays until it is made, and is told why it is not. */
  readonly save: (track: string, name: string, onRefused: (problem: unknown) => void) => void;
}

export function useRenaming(repair: ReturnType<typeof useRepairs>['repair']): Renaming {
  const [track, setTrack] = useState<string | null>(null);
  return {
    track,
    begin: setTrack,
    end: () => setTrack(null),
    save: (renamed, name, onRefused) =>
      repair(
        { edits: [{ kind: 'rename', track: renamed, name }] },
        () => setTrack((present) => (present === renamed ? null : present)),
        onRefused,
      ),
  };
}
