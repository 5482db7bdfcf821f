/** Which issue is open, and which one comes next. */

import { useState } from 'react';
import type { Schemas } from '../../api/client';
import { issueAs, type NameOf } from './renames';
import { frameOf, placeOf, type Suspicion, type TrackEdit } from './repairs';
import type { Made } from './useProofreading';

type Tracks = Schemas['Tracks'];

/** `onOpen` is told which issue was opened, null for none, and the names of the tracks by then. */
export function useOpenIssue(tracks: Tracks, onOpen: (issue: Suspicion | null, names: readonly string[]) => void) {
  const [open, setOpen] = useState<{ place: number; issue: Suspicion | null }>({ place: -1, issue: null });
  const { suspicions: issues } = tracks;
  const place = placeOf(issues, open.issue);
  const issue = issues[place] ?? null;
  const openOf = ({ suspicions, names }: Tracks, at: number) => {
    const found = suspicions[at] ?? null;
    setOpen({ place: at, issue: found });
    onOpen(found, names);
  };
  const openAt = (at: number) => {
    if (issues[at]) openOf(tracks, at);
  };
  return {
    issue,
    place,
    openAt,
    // Where the issue that was open is gone, another one has taken its place, and that is the next.
    next: () => openAt(Math.min(issue ? place + 1 : Math.max(open.place, 0), issues.length - 1)),
    previous: () => openAt(Math.max((issue ? place : open.place) - 1, 0)),
    /** An issue was confirmed: go on to the one after it. */
    afterConfirming: (confirmed: Suspicion, { before, next }: Made) => {
      openOf(next, Math.min(Math.max(placeOf(before.suspicions, confirmed), 0), next.suspicions.length - 1));
    },
    /** Open what a repair that was taken back had settled; tells whether there is such an issue. */
    reopen: (made: Made, edit: TrackEdit): boolean => {
      const at = cameBack(made, edit);
      if (at >= 0) openOf(made.next, at);
      return at >= 0;
    },
    /** Tracks have other names: the issue that is open is the same. */
    follow: (nameOf: NameOf) => setOpen({ place: open.place, issue: open.issue && issueAs(open.issue, nameOf) }),
  };
}

/** The place of an issue that is new and where a repair began; -1 if there is none. */
export function cameBack({ before, next }: Made, { start }: TrackEdit): number {
  return next.suspicions.findIndex(
    (issue) => [issue.start, frameOf(issue)].includes(start ?? -1) && placeOf(before.suspicions, issue) < 0,
  );
}
