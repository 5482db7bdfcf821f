/** Which rows a timeline shows, and how finely. A row is a frame of the result, counted from 0. */

/** From `start` up to, but without, `stop`; both may be fractions while zooming. */
export interface RowRange {
  readonly start: number;
  readonly stop: number;
}

export interface Level {
  readonly level: number;
  /** Rows that one bin of this level sums up. */
  readonly framesPerBin: number;
  readonly nBins: number;
}

/** Closer than this many rows, there is nothing more to see. */
const FEWEST_ROWS = 20;
/** How many values a pixel column may stand for: more cost time and show nothing. */
const BINS_PER_PX = 1;

export const spanOf = ({ start, stop }: RowRange): number => stop - start;

/** The coarsest level that still has a bin for every pixel column; null where single rows are to be drawn. */
export function levelFor(levels: readonly Level[], range: RowRange, widthPx: number): Level | null {
  const rowsPerPx = spanOf(range) / Math.max(widthPx, 1);
  const fitting = levels.filter((level) => level.framesPerBin <= rowsPerPx / BINS_PER_PX);
  return fitting.reduce<Level | null>(
    (best, level) => (best === null || level.framesPerBin > best.framesPerBin ? level : best),
    null,
  );
}

/** Show fewer (factor below 1) or more rows while the row at `anchor` in [0, 1] stays where it is. */
export function zoomRange(range: RowRange, anchor: number, factor: number, nRows: number): RowRange {
  const span = Math.min(Math.max(spanOf(range) * factor, Math.min(FEWEST_ROWS, nRows)), nRows);
  const fixed = range.start + anchor * spanOf(range);
  return within(fixed - anchor * span, span, nRows);
}

export function panRange(range: RowRange, rows: number, nRows: number): RowRange {
  return within(range.start + rows, spanOf(range), nRows);
}

/** The range moved so far that `row` is inside, with some rows after it in the direction of travel. */
export function follow(range: RowRange, row: number, nRows: number): RowRange {
  if (row >= range.start && row <= range.stop - 1) return range;
  const span = spanOf(range);
  return within(row < range.start ? row - 0.75 * span : row - 0.25 * span, span, nRows);
}

export function rowAt(range: RowRange, x: number, widthPx: number, nRows: number): number {
  const row = Math.floor(range.start + (x / Math.max(widthPx, 1)) * spanOf(range));
  return Math.min(Math.max(row, 0), nRows - 1);
}

/** The middle of a row on the screen. */
export function xOf(range: RowRange, row: number, widthPx: number): number {
  return ((row + 0.5 - range.start) / spanOf(range)) * widthPx;
}

/** Round numbers at which to put ticks, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  if (!(high > low) || count < 1) return [];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  const n = Math.floor(high / step) - first + 1;
  return Array.from({ length: Math.max(n, 0) }, (_, i) => (first + i) * step);
}

function within(start: number, span: number, nRows: number): RowRange {
  const first = Math.min(Math.max(start, 0), Math.max(nRows - span, 0));
  return { start: first, stop: first + span };
}
