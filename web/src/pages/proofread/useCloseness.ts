/** Whether the view is close to the animals that are looked at, or shows the whole frame. */

import { useCallback, useEffect, useRef, useState } from 'react';
import { readStored, writeStored } from '../../app/storage';
import type { Box } from '../../engine/geometry';
import type { RowRange } from '../../engine/timeline';
import type { ResultData } from '../results/resultData';
import type { ResultSession } from '../results/resultSession';
import { rowsAround } from './issueRows';
import { type Choice, choiceOf, type Suspicion } from './repairs';

const NAME = 'proofread.closer';
/** The air around an animal and its way, a share of the longer side, so that one sees who is near. */
const AIR = 0.15;

export interface Closeness {
  readonly isClose: boolean;
  readonly toggle: () => void;
  /** An issue was opened: be close to its animals, if that is wanted. */
  readonly look: (issue: Suspicion) => void;
  readonly focus: { readonly box: Box | null } | undefined;
}

interface Wanted {
  readonly who: readonly number[];
  readonly rows: RowRange;
}

export function useCloseness(session: ResultSession, names: readonly string[], choice: Choice): Closeness {
  const [isClose, setClose] = useState(() => readStored(NAME) !== 'no');
  const [focus, setFocus] = useState<{ box: Box | null }>();
  const stop = useRef<() => void>(() => {});
  useEffect(() => () => stop.current(), []);

  /** As soon as the numbers are there. */
  const move = useCallback(
    (wanted: Wanted) => {
      stop.current();
      const attempt = () => {
        if (session.data.pose(session.state.row) === null) return false;
        setFocus({ box: boxOf(session.data, session.state.row, wanted) });
        return true;
      };
      if (attempt()) return;
      const unsubscribe = session.subscribe(() => attempt() && unsubscribe());
      stop.current = unsubscribe;
    },
    [session],
  );
  const numbersOf = ({ first, second }: Choice) => {
    const chosen = [first, second].flatMap((name) => (name === null ? [] : [names.indexOf(name)]));
    return chosen.length > 0 ? chosen : names.map((_, number) => number);
  };
  return {
    isClose,
    focus,
    look: (issue) => isClose && move({ who: numbersOf(choiceOf(issue, names)), rows: rowsAround(session, issue) }),
    toggle: () => {
      setClose(!isClose);
      writeStored(NAME, isClose ? 'no' : null);
      stop.current();
      const { row } = session.state;
      if (isClose) setFocus({ box: null });
      else move({ who: numbersOf(choice), rows: { start: row, stop: row + 1 } });
    },
  };
}

/** The box around some animals in a row and their middles in some more, with air around it; null where nobody is. */
export function boxOf(data: ResultData, row: number, { who, rows }: Wanted): Box | null {
  const points = [...who].flatMap((animal) => data.pose(row)?.[animal] ?? []).map(({ position }) => position);
  for (let other = rows.start; other < rows.stop; other += 1) {
    const centres = data.centres(other);
    for (const animal of who) points.push(centres?.[animal] ?? null);
  }
  const there = points.filter((point) => point !== null);
  if (there.length === 0) return null;
  const [xs, ys] = [there.map(({ x }) => x), there.map(({ y }) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const air = Math.max(right - left, bottom - top) * AIR;
  return { left: left - air, right: right + air, top: top - air, bottom: bottom + air };
}
