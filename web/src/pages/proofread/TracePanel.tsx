/** Where the chosen tracks were over time, each in its colour: an exchange shows as two lines that change places. */

import { ChartLine, ChevronDown } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useTheme } from '../../app/theme';
import { IconButton } from '../../components/Button';
import { linesOn } from '../../engine/palette';
import type { TimelineLayout } from '../results/drawTimeline';
import type { ResultSession } from '../results/resultSession';
import { Timeline } from '../results/Timeline';
import type { Choice } from './repairs';
import { hubOf, tracedOf } from './traces';

/** As wide as the names beside the lanes, so that a frame is in the same place in both. */
const LAYOUT: TimelineLayout = { axisPx: 132, hasRuler: false, hasStrip: false, colourBy: 'individual' };
const ALL = -1;

interface Props {
  readonly session: ResultSession;
  readonly names: readonly string[];
  readonly colours: readonly string[];
  readonly choice: Choice;
  readonly onClose: () => void;
}

export function TracePanel({ session, names, colours, choice, onClose }: Props) {
  const { keypoints, edges } = session.data.detail;
  const [keypoint, setKeypoint] = useState(() => hubOf(keypoints, edges));
  const traced = useMemo(() => tracedOf(choice, names), [choice, names]);
  const { isDark } = useTheme();
  useEffect(
    () => session.showKeypoints(keypoint === ALL ? keypoints.keys() : [keypoint]),
    [session, keypoint, keypoints],
  );
  useEffect(() => session.chooseIndividuals(traced), [session, traced]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colour read from the style sheet
  const lines = useMemo(
    () => linesOn(getComputedStyle(document.documentElement).getPropertyValue('--surface').trim(), colours),
    [colours, isDark],
  );
  return (
    <section aria-label="Traces" className="traces">
      <header className="traces__head">
        <ChartLine aria-hidden size={15} />
        <select
          aria-label="Which point to trace"
          className="input input--sm traces__point"
          onChange={(event) => setKeypoint(Number(event.target.value))}
          value={keypoint}
        >
          {keypoints.map((name, k) => (
            <option key={name} value={k}>
              {name}
            </option>
          ))}
          {keypoints.length > 1 && <option value={ALL}>all points</option>}
        </select>
        <ul aria-label="Tracks in the traces" className="traces__names">
          {traced.map((track) => (
            <li className="issue__track" key={names[track]}>
              <span aria-hidden className="traces__line" style={{ background: lines[track] }} />
              {names[track]}
            </li>
          ))}
        </ul>
        <IconButton icon={ChevronDown} label="Hide the traces" onClick={onClose} size="sm" />
      </header>
      <Timeline colours={colours} layout={LAYOUT} session={session} />
    </section>
  );
}
