/** Boxes on a frame: [x, y, width, height] in whole pixels. */

export type Box = [number, number, number, number];

export interface Size {
  width: number;
  height: number;
}

/** The box between two corners, inside of the frame and at least a pixel large. */
export function boxBetween(a: [number, number], b: [number, number], { width, height }: Size): Box {
  const [x0, x1] = ordered(a[0], b[0], width);
  const [y0, y1] = ordered(a[1], b[1], height);
  return [x0, y0, Math.max(x1 - x0, 1), Math.max(y1 - y0, 1)];
}

function ordered(a: number, b: number, limit: number): [number, number] {
  const low = Math.round(Math.min(Math.max(Math.min(a, b), 0), limit - 1));
  return [low, Math.round(Math.min(Math.max(Math.max(a, b), 0), limit))];
}

/** The box as numbers were typed in, made to fit. */
export function fitBox([x, y, w, h]: Box, { width, height }: Size): Box {
  const left = clamp(x, 0, width - 1);
  const top = clamp(y, 0, height - 1);
  return [left, top, clamp(w, 1, width - left), clamp(h, 1, height - top)];
}

function clamp(value: number, low: number, high: number): number {
  return Math.round(Math.min(Math.max(value, low), high));
}
