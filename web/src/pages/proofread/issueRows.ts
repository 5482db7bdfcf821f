/** Which rows of a recording an issue is about. */

import type { RowRange } from '../../engine/timeline';
import type { ResultSession } from '../results/resultSession';
import { frameOf, type Suspicion } from './repairs';

/** A moment with a little time around it, so that one sees how it came about. */
export function rowsAround(session: ResultSession, issue: Suspicion): RowRange {
  const { data } = session;
  const margin = Math.round(data.detail.fps ?? 25);
  return {
    start: Math.max(data.rowOf(issue.start) - margin, 0),
    stop: Math.min(data.rowOf(issue.stop) + margin, data.nRows),
  };
}

/** Go to where a repair of an issue would begin, and show so much time that it can be told from what is around it. */
export function lookAt(session: ResultSession, issue: Suspicion): void {
  session.goToFrame(frameOf(issue));
  const { start, stop } = rowsAround(session, issue);
  session.showRows(start - (stop - start), stop + (stop - start));
}
