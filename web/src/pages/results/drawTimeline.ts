/** Draws the traces of a result over time. */

import { levelFor, type RowRange, spanOf, ticks, xOf } from '../../engine/timeline';
import { drawStrip } from './drawStrip';
import { QUANTITIES, type Quantity, type ResultData } from './resultData';
import type { ResultState, Smoothed } from './resultSession';

export interface TimelineStyle {
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
  readonly colours: readonly string[];
  readonly theme: { readonly text: string; readonly grid: string; readonly ground: string; readonly accent: string };
}

interface Lane {
  readonly quantity: Quantity;
  readonly top: number;
  readonly bottom: number;
}

/** Room at the left for the numbers of the axes. */
export const AXIS_PX = 48;
const RULER_PX = 20;
const LANE_GAP_PX = 8;
const FONT = '11px system-ui, sans-serif';

export function drawTimeline(
  context: CanvasRenderingContext2D,
  data: ResultData,
  state: ResultState,
  style: TimelineStyle,
): void {
  const { width, height, pixelRatio, theme } = style;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.fillStyle = theme.ground;
  context.fillRect(0, 0, width, height);
  const plot = width - AXIS_PX;
  drawRuler(context, data, state.range, style);
  const strip = drawStrip(context, data, state.range, { left: AXIS_PX, top: RULER_PX, width: plot });
  for (const lane of lanesBetween(RULER_PX + strip + LANE_GAP_PX, height - LANE_GAP_PX))
    drawLane(context, data, state, lane, style);
}

function lanesBetween(top: number, bottom: number): Lane[] {
  const height = (bottom - top - LANE_GAP_PX * (QUANTITIES.length - 1)) / QUANTITIES.length;
  return QUANTITIES.map((quantity, i) => {
    const start = top + i * (height + LANE_GAP_PX);
    return { quantity, top: start, bottom: start + height };
  });
}

function drawLane(
  context: CanvasRenderingContext2D,
  data: ResultData,
  state: ResultState,
  lane: Lane,
  style: TimelineStyle,
): void {
  const plot = style.width - AXIS_PX;
  const level = levelFor(data.levels, state.range, plot);
  const traces = tracesOf(data, state);
  const limits =
    lane.quantity === 'confidence' ? ([0, 1] as const) : limitsOf(data, state, lane.quantity, level, traces);
  const y = (value: number) =>
    lane.bottom - ((value - limits[0]) / (limits[1] - limits[0] || 1)) * (lane.bottom - lane.top);
  drawAxis(context, lane, limits, y, style);
  context.save();
  context.beginPath();
  context.rect(AXIS_PX, lane.top, plot, lane.bottom - lane.top);
  context.clip();
  context.translate(AXIS_PX, 0);
  for (const { keypoint, individual } of traces) {
    context.strokeStyle = style.colours[keypoint] ?? style.theme.accent;
    context.globalAlpha = state.smoothed && lane.quantity !== 'confidence' ? 0.35 : 1;
    traceStretches(
      context,
      data.stretches(lane.quantity, keypoint, individual, state.range, level),
      state.range,
      plot,
      y,
    );
    context.globalAlpha = 1;
    if (state.smoothed && lane.quantity !== 'confidence') {
      traceSmoothed(context, data, state.smoothed, lane.quantity, keypoint, individual, state.range, plot, y);
    }
  }
  context.restore();
}

interface Trace {
  readonly keypoint: number;
  readonly individual: number;
}

function tracesOf(data: ResultData, { shown, individual }: ResultState): Trace[] {
  const individuals = individual === null ? [...Array(data.nIndividuals).keys()] : [individual];
  return [...shown].sort((a, b) => a - b).flatMap((keypoint) => individuals.map((i) => ({ keypoint, individual: i })));
}

/** Whether single rows are drawn: lanes show them sooner than the strip, which has half as many columns. */
export function showsRows(data: ResultData, range: RowRange, width: number): boolean {
  return levelFor(data.levels, range, width - AXIS_PX) === null;
}

/** A line through single rows; where a stretch stands for many, from its minimum to its maximum. */
function traceStretches(
  context: CanvasRenderingContext2D,
  stretches: Iterable<{ firstRow: number; nRows: number; low: number; high: number }>,
  range: RowRange,
  plot: number,
  y: (value: number) => number,
): void {
  context.lineWidth = 1.25;
  context.lineJoin = 'round';
  context.beginPath();
  let isDown = false;
  for (const { firstRow, nRows, low, high } of stretches) {
    if (Number.isNaN(low)) {
      isDown = false;
      continue;
    }
    const x = xOf(range, firstRow + (nRows - 1) / 2, plot);
    if (isDown) context.lineTo(x, y(low));
    else context.moveTo(x, y(low));
    if (high > low) context.lineTo(x, y(high));
    else if (!isDown) context.lineTo(x + 0.01, y(low));
    isDown = true;
  }
  context.stroke();
}

function traceSmoothed(
  context: CanvasRenderingContext2D,
  data: ResultData,
  { start, stop, values }: Smoothed,
  quantity: 'x' | 'y',
  keypoint: number,
  individual: number,
  range: RowRange,
  plot: number,
  y: (value: number) => number,
): void {
  const [k, n] = [data.nKeypoints, data.nIndividuals];
  const offset = (quantity === 'y' ? k * n : 0) + keypoint * n + individual;
  const [first, last] = [Math.max(Math.floor(range.start), start), Math.min(Math.ceil(range.stop), stop)];
  const stretches = Array.from({ length: Math.max(last - first, 0) }, (_, i) => {
    const value = values[(first + i - start) * 2 * k * n + offset] ?? Number.NaN;
    return { firstRow: first + i, nRows: 1, low: value, high: value };
  });
  traceStretches(context, stretches, range, plot, y);
}

/** The smallest and the largest value in sight, with a little air; [0, 1] where there is none. */
function limitsOf(
  data: ResultData,
  { range }: ResultState,
  quantity: Quantity,
  level: ReturnType<typeof levelFor>,
  traces: readonly Trace[],
): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { keypoint, individual } of traces) {
    for (const stretch of data.stretches(quantity, keypoint, individual, range, level)) {
      if (stretch.low < low) low = stretch.low;
      if (stretch.high > high) high = stretch.high;
    }
  }
  if (low > high) return [0, 1];
  const air = Math.max((high - low) * 0.06, 1);
  return [low - air, high + air];
}

function drawAxis(
  context: CanvasRenderingContext2D,
  lane: Lane,
  limits: readonly [number, number],
  y: (value: number) => number,
  { width, theme }: TimelineStyle,
): void {
  context.font = FONT;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  context.strokeStyle = theme.grid;
  context.fillStyle = theme.text;
  context.lineWidth = 1;
  context.beginPath();
  for (const tick of ticks(limits[0], limits[1], 2)) {
    const at = Math.round(y(tick)) + 0.5;
    context.moveTo(AXIS_PX, at);
    context.lineTo(width, at);
    context.fillText(`${+tick.toFixed(2)}`, AXIS_PX - 6, at);
  }
  context.stroke();
  context.textAlign = 'left';
  context.fillText(lane.quantity === 'confidence' ? 'conf.' : lane.quantity, 4, lane.top + 7);
}

function drawRuler(context: CanvasRenderingContext2D, data: ResultData, range: RowRange, style: TimelineStyle): void {
  const { width, height, theme } = style;
  const plot = width - AXIS_PX;
  context.font = FONT;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillStyle = theme.text;
  context.strokeStyle = theme.grid;
  context.lineWidth = 1;
  context.fillText('frame', 4, RULER_PX / 2);
  context.beginPath();
  for (const row of ticks(range.start, range.stop - 1, Math.min(plot / 90, spanOf(range)))) {
    if (!Number.isInteger(row)) continue;
    const x = Math.round(AXIS_PX + xOf(range, row, plot)) + 0.5;
    context.moveTo(x, RULER_PX - 5);
    context.lineTo(x, height);
    context.fillText(`${data.frameOf(row)}`, x + 3, RULER_PX / 2);
  }
  context.stroke();
}

/** The row that is shown, on a canvas of its own: stepping redraws nothing else. */
export function drawPlayhead(context: CanvasRenderingContext2D, state: ResultState, style: TimelineStyle): void {
  const { width, height, pixelRatio, theme } = style;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.clearRect(0, 0, width, height);
  const x = AXIS_PX + xOf(state.range, state.row, width - AXIS_PX);
  if (x < AXIS_PX || x > width) return;
  context.fillStyle = theme.accent;
  context.fillRect(Math.round(x) - 1, 0, 2, height);
  context.beginPath();
  context.moveTo(x - 6, 0);
  context.lineTo(x + 6, 0);
  context.lineTo(x, 8);
  context.fill();
}
