/** A frame back, play or stop, a frame on. */

import { ChevronLeft, ChevronRight, Pause, Play } from 'lucide-react';
import { IconButton } from './Button';

interface StepButtonsProps {
  readonly session: { step(frames: number): void; togglePlay(): void };
  readonly isPlaying: boolean;
}

export function StepButtons({ session, isPlaying }: StepButtonsProps) {
  return (
    <>
      <IconButton icon={ChevronLeft} label="Previous frame" onClick={() => session.step(-1)} size="sm" />
      <IconButton
        icon={isPlaying ? Pause : Play}
        label={isPlaying ? 'Stop' : 'Play'}
        onClick={() => session.togglePlay()}
        size="sm"
      />
      <IconButton icon={ChevronRight} label="Next frame" onClick={() => session.step(1)} size="sm" />
    </>
  );
}
