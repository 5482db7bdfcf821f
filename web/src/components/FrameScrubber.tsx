import { ChevronFirst, ChevronLast, ChevronLeft, ChevronRight } from 'lucide-react';
import { type KeyboardEvent, useEffect, useState } from 'react';
import { IconButton } from './Button';
import './FrameScrubber.css';
import { clock, count } from './format';

interface FrameScrubberProps {
  /** What is scrubbed through, for those who do not see it. */
  label: string;
  frame: number;
  nFrames: number;
  /** When the frame is shown. */
  seconds: number | null;
  onChange: (frame: number) => void;
}

/** Go through the frames of a video, one by one or at once. Arrows step by 1, with Shift by 10, with Ctrl by 100. */
export function FrameScrubber({ label, frame, nFrames, seconds, onChange }: FrameScrubberProps) {
  const last = Math.max(nFrames - 1, 0);
  const go = (to: number) => onChange(Math.min(Math.max(Math.round(to), 0), last));
  const onKeyDown = (event: KeyboardEvent) => {
    const direction = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    go(frame + direction * (event.ctrlKey ? 100 : event.shiftKey ? 10 : 1));
  };
  return (
    <div className="scrubber">
      <IconButton icon={ChevronFirst} label="First frame" onClick={() => go(0)} size="sm" />
      <IconButton icon={ChevronLeft} label="Previous frame" onClick={() => go(frame - 1)} size="sm" />
      <input
        aria-label={label}
        aria-valuetext={`frame ${frame} of ${nFrames}`}
        max={last}
        min={0}
        onChange={(event) => go(event.target.valueAsNumber)}
        onKeyDown={onKeyDown}
        step={1}
        type="range"
        value={frame}
      />
      <IconButton icon={ChevronRight} label="Next frame" onClick={() => go(frame + 1)} size="sm" />
      <IconButton icon={ChevronLast} label="Last frame" onClick={() => go(last)} size="sm" />
      <FrameNumber frame={frame} onGo={go} />
      <span className="scrubber__time number">
        of {count(nFrames)}
        {seconds === null ? '' : ` · ${clock(seconds)}`}
      </span>
    </div>
  );
}

function FrameNumber({ frame, onGo }: { frame: number; onGo: (frame: number) => void }) {
  const [text, setText] = useState(String(frame));
  useEffect(() => setText(String(frame)), [frame]);
  const commit = () => {
    const number = Number.parseInt(text, 10);
    if (Number.isNaN(number)) setText(String(frame));
    else onGo(number);
  };
  return (
    <input
      aria-label="Frame number"
      className="input input--sm scrubber__number number"
      inputMode="numeric"
      onBlur={commit}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => event.key === 'Enter' && commit()}
      value={text}
    />
  );
}
