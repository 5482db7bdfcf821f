/** Draws when every track is there, and how sure it is of its identity. */

import { type RowRange, spanOf, ticks, xOf } from '../../engine/timeline';
import type { Suspicion } from './repairs';

export const RULER_PX = 22;
export const LANE_PX = 26;
const BAR_PX = 12;
const LEAST_ALPHA = 0.25;
const TICK_PX = 110;
/** Narrower than this, an issue is a mark above the bar and no frame around it: frames upon frames say nothing. */
const LEAST_FRAME_PX = 9;
const MARK_PX = 3;
const FONT = '11px system-ui, sans-serif';

/** Sureness of identity in bins over a range of rows; NaN where a track is not there. */
export interface Lanes {
  readonly range: RowRange;
  readonly values: Float32Array;
  readonly nBins: number;
  readonly nTracks: number;
}

export interface LaneStyle {
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
  /** The colour of every track. */
  readonly colours: readonly string[];
  readonly theme: {
    readonly text: string;
    readonly grid: string;
    readonly ground: string;
    readonly accent: string;
    readonly doubt: string;
  };
}

export interface Marks {
  readonly names: readonly string[];
  readonly issues: readonly Suspicion[];
  readonly issue: Suspicion | null;
  /** Rows of the range for the next repair; open ends are null. */
  readonly start: number | null;
  readonly stop: number | null;
  readonly rowOf: (frame: number) => number;
  readonly frameOf: (row: number) => number;
}

export function drawLanes(
  context: CanvasRenderingContext2D,
  lanes: Lanes | null,
  range: RowRange,
  row: number,
  marks: Marks,
  style: LaneStyle,
): void {
  drawGround(context, range, marks, style);
  drawGrid(context, range, style);
  if (lanes) for (let track = 0; track < lanes.nTracks; track += 1) drawLane(context, lanes, range, track, style);
  drawIssues(context, range, marks, style);
  drawPresent(context, range, row, style);
}

/** The frame numbers above the lanes, on a canvas of their own. */
export function drawRuler(
  context: CanvasRenderingContext2D,
  range: RowRange,
  row: number,
  marks: Marks,
  style: LaneStyle,
): void {
  const { width, height, theme } = style;
  drawGround(context, range, marks, style);
  context.font = FONT;
  context.fillStyle = theme.text;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  for (const tick of ticksOf(range, width)) {
    const label = `${marks.frameOf(tick)}`;
    const wide = context.measureText(label).width;
    const left = xOf(range, tick, width) - wide / 2;
    context.fillText(label, Math.min(Math.max(left, 3), width - wide - 3), height / 2);
  }
  drawPresent(context, range, row, style);
}

const ticksOf = (range: RowRange, width: number) => ticks(range.start, range.stop, width / TICK_PX);

function drawGround(context: CanvasRenderingContext2D, range: RowRange, marks: Marks, style: LaneStyle): void {
  const { width, height, pixelRatio, theme } = style;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.fillStyle = theme.ground;
  context.fillRect(0, 0, width, height);
  drawChosenRange(context, range, marks, style);
}

function drawGrid(context: CanvasRenderingContext2D, range: RowRange, { width, height, theme }: LaneStyle): void {
  context.fillStyle = theme.grid;
  for (const tick of ticksOf(range, width)) context.fillRect(xOf(range, tick, width), 0, 1, height);
}

/** The frame that is shown. */
function drawPresent(context: CanvasRenderingContext2D, range: RowRange, row: number, style: LaneStyle): void {
  context.fillStyle = style.theme.accent;
  context.fillRect(xOf(range, row, style.width) - 1, 0, 2, style.height);
}

function drawLane(
  context: CanvasRenderingContext2D,
  { range: of, values, nBins, nTracks }: Lanes,
  range: RowRange,
  track: number,
  { width, colours, theme }: LaneStyle,
): void {
  const top = track * LANE_PX + (LANE_PX - BAR_PX) / 2;
  const rowsPerBin = spanOf(of) / Math.max(nBins, 1);
  const edge = (bin: number) => xOf(range, of.start + bin * rowsPerBin - 0.5, width);
  for (let bin = 0; bin < nBins; ) {
    const value = values[bin * nTracks + track] ?? Number.NaN;
    let end = bin + 1;
    while (end < nBins && isAlike(values[end * nTracks + track] ?? Number.NaN, value)) end += 1;
    if (!Number.isNaN(value)) {
      const [left, right] = [edge(bin), edge(end)];
      context.globalAlpha = LEAST_ALPHA + (1 - LEAST_ALPHA) * value;
      context.fillStyle = colours[track] ?? theme.text;
      context.fillRect(left, top, Math.max(right - left, 1), BAR_PX);
    }
    bin = end;
  }
  context.globalAlpha = 1;
}

function isAlike(a: number, b: number): boolean {
  return Number.isNaN(a) ? Number.isNaN(b) : Math.abs(a - b) < 0.02;
}

/** A bracket over the lanes of the tracks that an issue is about. */
function drawIssues(context: CanvasRenderingContext2D, range: RowRange, marks: Marks, style: LaneStyle): void {
  const { width, theme } = style;
  for (const issue of marks.issues) {
    const isOpen = issue === marks.issue;
    const [left, right] = [
      xOf(range, marks.rowOf(issue.start) - 0.5, width),
      xOf(range, marks.rowOf(issue.stop) + 0.5, width),
    ];
    if (right < 0 || left > width) continue;
    for (const name of issue.tracks) {
      const track = marks.names.indexOf(name);
      if (track < 0) continue;
      const top = track * LANE_PX;
      if (!isOpen && right - left < LEAST_FRAME_PX) {
        context.fillStyle = theme.doubt;
        context.fillRect((left + right) / 2 - MARK_PX / 2, top + 1, MARK_PX, (LANE_PX - BAR_PX) / 2 - 2);
        continue;
      }
      context.strokeStyle = isOpen ? theme.accent : theme.doubt;
      context.lineWidth = isOpen ? 2.5 : 1.25;
      context.strokeRect(left - 2, top + 3, Math.max(right - left, 2) + 4, LANE_PX - 6);
    }
  }
}

function drawChosenRange(context: CanvasRenderingContext2D, range: RowRange, marks: Marks, style: LaneStyle): void {
  const { start, stop } = marks;
  if (start === null && stop === null) return;
  const left = start === null ? 0 : xOf(range, start - 0.5, style.width);
  const right = stop === null ? style.width : xOf(range, stop + 0.5, style.width);
  context.fillStyle = style.theme.accent;
  context.globalAlpha = 0.16;
  context.fillRect(left, 0, Math.max(right - left, 2), style.height);
  context.globalAlpha = 1;
}
