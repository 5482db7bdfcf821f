/** Draws the traces of a result over time. */

import { levelFor, type RowRange, spanOf, ticks, xOf } from '../../engine/timeline';
import { drawStrip, type StripTheme } from './drawStrip';
import { QUANTITIES, type Quantity, type ResultData } from './resultData';
import type { ResultState, Smoothed } from './resultSession';

/** What a timeline has besides its traces. */
export interface TimelineLayout {
  /** Room at the left for the numbers of the axes. */
  readonly axisPx: number;
  readonly hasRuler: boolean;
  /** Whether how sure every point is has a strip of its own above the traces. */
  readonly hasStrip: boolean;
  /** What a trace has its colour from. */
  readonly colourBy: 'keypoint' | 'individual';
}

export interface TimelineStyle {
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
  /** Those of the keypoints, or those of the individuals. */
  readonly colours: readonly string[];
  readonly layout: TimelineLayout;
  readonly theme: StripTheme & { readonly text: string; readonly grid: string; readonly accent: string };
}

interface Lane {
  readonly quantity: Quantity;
  readonly top: number;
  readonly bottom: number;
}

const RULER_PX = 20;
const LANE_GAP_PX = 8;
/** From this width on there is room for whole words. */
const WIDE_AXIS_PX = 100;
const NAME_PX = 4;
const FONT = '11px system-ui, sans-serif';

export function drawTimeline(
  context: CanvasRenderingContext2D,
  data: ResultData,
  state: ResultState,
  style: TimelineStyle,
): void {
  const { width, height, pixelRatio, theme, layout } = style;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.fillStyle = theme.ground;
  context.fillRect(0, 0, width, height);
  const left = layout.axisPx;
  let top = layout.hasRuler ? RULER_PX : 0;
  drawRuler(context, data, state.range, style);
  if (layout.hasStrip) top += drawStrip(context, data, state.range, { left, top, width: width - left }, theme);
  for (const lane of lanesBetween(top + LANE_GAP_PX, height - LANE_GAP_PX)) drawLane(context, data, state, lane, style);
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
  const { axisPx, colourBy } = style.layout;
  const plot = style.width - axisPx;
  const level = levelFor(data.levels, state.range, plot);
  const traces = tracesOf(data, state);
  const limits =
    lane.quantity === 'confidence' ? ([0, 1] as const) : limitsOf(data, state, lane.quantity, level, traces);
  if (!limits) {
    drawQuantity(context, lane, style);
    return;
  }
  const y = (value: number) =>
    lane.bottom - ((value - limits[0]) / (limits[1] - limits[0] || 1)) * (lane.bottom - lane.top);
  drawAxis(context, lane, limits, y, style);
  context.save();
  context.beginPath();
  context.rect(axisPx, lane.top, plot, lane.bottom - lane.top);
  context.clip();
  context.translate(axisPx, 0);
  for (const { keypoint, individual } of traces) {
    context.strokeStyle = style.colours[colourBy === 'keypoint' ? keypoint : individual] ?? style.theme.accent;
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

function tracesOf(data: ResultData, { shown, individuals: chosen }: ResultState): Trace[] {
  const individuals = chosen ?? [...Array(data.nIndividuals).keys()];
  return [...shown].sort((a, b) => a - b).flatMap((keypoint) => individuals.map((i) => ({ keypoint, individual: i })));
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

/** The smallest and the largest value in sight, with a little air; null where there is none. */
function limitsOf(
  data: ResultData,
  { range }: ResultState,
  quantity: Quantity,
  level: ReturnType<typeof levelFor>,
  traces: readonly Trace[],
): readonly [number, number] | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { keypoint, individual } of traces) {
    for (const stretch of data.stretches(quantity, keypoint, individual, range, level)) {
      if (stretch.low < low) low = stretch.low;
      if (stretch.high > high) high = stretch.high;
    }
  }
  if (low > high) return null;
  const air = Math.max((high - low) * 0.06, 1);
  return [low - air, high + air];
}

function drawAxis(
  context: CanvasRenderingContext2D,
  lane: Lane,
  limits: readonly [number, number],
  y: (value: number) => number,
  style: TimelineStyle,
): void {
  const {
    width,
    theme,
    layout: { axisPx },
  } = style;
  context.font = FONT;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  context.strokeStyle = theme.grid;
  context.fillStyle = theme.text;
  context.lineWidth = 1;
  context.beginPath();
  for (const tick of ticks(limits[0], limits[1], 2)) {
    const at = Math.round(y(tick)) + 0.5;
    context.moveTo(axisPx, at);
    context.lineTo(width, at);
    context.fillText(`${+tick.toFixed(2)}`, axisPx - 6, at);
  }
  context.stroke();
  drawQuantity(context, lane, style);
}

function drawQuantity(
  context: CanvasRenderingContext2D,
  { quantity, top }: Lane,
  { theme, layout: { axisPx } }: TimelineStyle,
): void {
  context.font = FONT;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillStyle = theme.text;
  context.fillText(quantity === 'confidence' && axisPx < WIDE_AXIS_PX ? 'conf.' : quantity, NAME_PX, top + 7);
}

function drawRuler(context: CanvasRenderingContext2D, data: ResultData, range: RowRange, style: TimelineStyle): void {
  const { width, height, theme, layout } = style;
  const plot = width - layout.axisPx;
  const top = layout.hasRuler ? RULER_PX - 5 : 0;
  context.font = FONT;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillStyle = theme.text;
  context.strokeStyle = theme.grid;
  context.lineWidth = 1;
  if (layout.hasRuler) context.fillText('frame', NAME_PX, RULER_PX / 2);
  context.beginPath();
  for (const row of ticks(range.start, range.stop - 1, Math.min(plot / 90, spanOf(range)))) {
    if (!Number.isInteger(row)) continue;
    const x = Math.round(layout.axisPx + xOf(range, row, plot)) + 0.5;
    context.moveTo(x, top);
    context.lineTo(x, height);
    if (layout.hasRuler) context.fillText(`${data.frameOf(row)}`, x + 3, RULER_PX / 2);
  }
  context.stroke();
}

/** The row that is shown, on a canvas of its own: stepping redraws nothing else. */
export function drawPlayhead(context: CanvasRenderingContext2D, state: ResultState, style: TimelineStyle): void {
  const { width, height, pixelRatio, theme, layout } = style;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.clearRect(0, 0, width, height);
  const x = layout.axisPx + xOf(state.range, state.row, width - layout.axisPx);
  if (x < layout.axisPx || x > width) return;
  context.fillStyle = theme.accent;
  context.fillRect(Math.round(x) - 1, 0, 2, height);
  if (!layout.hasRuler) return;
  context.beginPath();
  context.moveTo(x - 6, 0);
  context.lineTo(x + 6, 0);
  context.lineTo(x, 8);
  context.fill();
}
