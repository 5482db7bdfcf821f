/** Which frame of each camera's video belongs to a frame of the recording. */

export interface Timing {
  readonly offset: number;
  /** Frames of the recording that the camera did not take, rising. */
  readonly dropped: readonly number[];
  readonly nFrames: number;
}

/** The frame of the video, or null where the camera has none: dropped, not begun or already ended. */
export function videoFrame({ offset, dropped, nFrames }: Timing, frame: number): number | null {
  if (dropped.includes(frame)) return null;
  const number = frame + offset - dropped.filter((lost) => lost < frame).length;
  return number >= 0 && number < nFrames ? number : null;
}

/** The frame of the recording that a frame of the video belongs to. */
export function recordingFrame({ offset, dropped }: Timing, number: number): number {
  let frame = number - offset;
  for (const lost of [...dropped].sort((a, b) => a - b)) if (lost <= frame) frame += 1;
  return frame;
}
