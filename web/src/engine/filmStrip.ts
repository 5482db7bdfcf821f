/** Where the frames of the queue lie in their video, along a strip. */

import type { QueueItem } from './queue';

const CATCH_PX = 5;

/** The middle of a frame on a strip of `width` pixels. */
export function xOfFrame(frame: number, nFrames: number, width: number): number {
  return ((frame + 0.5) / Math.max(nFrames, 1)) * width;
}

/** The frame at `x`: the nearest of `frames` where one is close enough to be meant, else the one right there. */
export function frameAt(x: number, nFrames: number, width: number, frames: readonly number[]): number {
  const apart = (frame: number) => Math.abs(xOfFrame(frame, nFrames, width) - x);
  const nearest = frames.reduce<number | null>((best, frame) => {
    const isNearer = best === null || apart(frame) < apart(best);
    return isNearer ? frame : best;
  }, null);
  if (nearest !== null && apart(nearest) <= CATCH_PX) return nearest;
  const there = Math.floor((x / Math.max(width, 1)) * nFrames);
  return Math.min(Math.max(there, 0), Math.max(nFrames - 1, 0));
}

/** What the strip shows, in words. */
export function describeStrip(video: string, items: readonly QueueItem[]): string {
  const labelled = items.filter(({ state }) => state === 'labeled').length;
  return `${video}: ${labelled} of ${items.length} frames of the queue are labelled`;
}
