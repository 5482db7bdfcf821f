/** Stepping, playing, where one is, and what is shown beside the frame. */

import { ChartLine, Crosshair, Keyboard } from 'lucide-react';
import { useStore } from '../../app/useStore';
import { IconButton } from '../../components/Button';
import { StepButtons } from '../../components/StepButtons';
import type { ResultSession } from '../results/resultSession';
import { usePlaceInAddress } from '../results/usePlaceInAddress';
import type { Closeness } from './useCloseness';
import type { Switch } from './useSwitch';

interface TransportProps {
  readonly session: ResultSession;
  readonly closeness: Closeness;
  readonly traces: Switch;
  readonly onDialog: (dialog: 'go-to' | 'help') => void;
}

export function Transport({ session, closeness, traces, onDialog }: TransportProps) {
  // What is repaired stays open, also when a repair leaves a single track.
  usePlaceInAddress(session, false);
  const [row, isPlaying] = useStore(session, (state) => [state.row, state.isPlaying] as const);
  const { data } = session;
  const { fps, last_frame } = data.detail;
  const frame = data.frameOf(row);
  return (
    <>
      <div className="results-toolbar__group">
        <StepButtons isPlaying={isPlaying} session={session} />
        <button className="results-place number" onClick={() => onDialog('go-to')} title="Go to a frame" type="button">
          <span data-testid="frame-number">frame {frame}</span>
          <span className="faint"> / {last_frame}</span>
          {fps ? <span className="faint"> · {(frame / fps).toFixed(2)} s</span> : null}
        </button>
      </div>
      <div className="results-toolbar__group results-toolbar__group--end">
        <IconButton
          aria-pressed={closeness.isClose}
          icon={Crosshair}
          label="Close to the tracks that are looked at"
          onClick={closeness.toggle}
          size="sm"
        />
        <IconButton
          aria-pressed={traces.isOn}
          icon={ChartLine}
          label="Traces of the chosen tracks over time"
          onClick={traces.toggle}
          size="sm"
        />
        <IconButton icon={Keyboard} label="Show all keys" onClick={() => onDialog('help')} size="sm" />
      </div>
    </>
  );
}
