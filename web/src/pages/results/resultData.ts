/** The numbers of one result: poses of single rows, and minima and maxima over many. Nothing here waits. */

import { loadNumbers } from '../../api/binary';
import { fileUrl, type Schemas } from '../../api/client';
import { type ImagePoint, imagePoint } from '../../engine/geometry';
import { TileCache } from '../../engine/tileCache';
import { type Level, type RowRange, spanOf } from '../../engine/timeline';

const ROWS_PER_TILE = 512;
const BINS_PER_TILE = 256;
/** Well within what the caches hold. */
const MOST_SINGLE_ROWS = 32 * ROWS_PER_TILE;

/** What is drawn over time. The numbers are places along the second axis of the server's levels. */
export const QUANTITIES = ['x', 'y', 'confidence'] as const;
export type Quantity = (typeof QUANTITIES)[number];

export interface PosePoint {
  readonly position: ImagePoint | null;
  readonly confidence: number | null;
}

/** Minimum and maximum of one quantity over consecutive stretches of rows. */
export interface Stretch {
  readonly firstRow: number;
  readonly nRows: number;
  readonly low: number;
  readonly high: number;
}

/** Confidence as pixels: columns of `nColumns` × points, NaN where it is missing or on its way. */
export interface ConfidencePicture {
  readonly firstRow: number;
  readonly rowsPerColumn: number;
  readonly nColumns: number;
  readonly values: Float32Array;
}

export class ResultData {
  readonly nRows: number;
  readonly nKeypoints: number;
  readonly nIndividuals: number;
  private summary: readonly Level[] = [];
  private readonly positions: TileCache<Float32Array>;
  private readonly confidences: TileCache<Float32Array>;
  private readonly bins: TileCache<Float32Array>;
  private nRowTiles = 0;
  private nBinTiles = 0;

  constructor(
    readonly project: string,
    readonly detail: Schemas['ResultDetail'],
    /** The frame number of every row where they are not contiguous. */
    private readonly frames: Float64Array | null,
    onArrival: () => void,
    onError: (error: unknown) => void,
  ) {
    this.nRows = detail.n_frames;
    this.nKeypoints = detail.keypoints.length;
    this.nIndividuals = detail.individuals.length;
    this.summarise(detail.levels);
    const base = `/api/projects/${encodeURIComponent(project)}/results/${encodeURIComponent(detail.id)}`;
    const values = (variable: string) => (key: string, signal: AbortSignal) => {
      const start = Number(key) * ROWS_PER_TILE;
      const stop = Math.min(start + ROWS_PER_TILE, this.nRows);
      return loadNumbers(fileUrl(`${base}/values`, { start, stop, variable, of: detail.modified }), { signal }).then(
        (array) => array.values,
      );
    };
    const level = (key: string, signal: AbortSignal) => {
      const [number, tile] = key.split('/').map(Number);
      const start = (tile ?? 0) * BINS_PER_TILE;
      const url = fileUrl(`${base}/levels/${number}`, { start, stop: start + BINS_PER_TILE, of: detail.modified });
      return loadNumbers(url, { signal }).then((array) => array.values);
    };
    const rowsCame = () => {
      this.nRowTiles += 1;
      onArrival();
    };
    const binsCame = () => {
      this.nBinTiles += 1;
      onArrival();
    };
    this.positions = new TileCache({ load: values('position'), onArrival: rowsCame, onError });
    this.confidences = new TileCache({ load: values('confidence'), onArrival: rowsCame, onError });
    this.bins = new TileCache({ load: level, onArrival: binsCame, onError });
  }

  /** The levels of the summary; none while it is in the making. */
  get levels(): readonly Level[] {
    return this.summary;
  }

  summarise(levels: Schemas['ResultDetail']['levels']): void {
    this.summary = levels.map(({ level, frames_per_bin, n_bins }) => ({
      level,
      framesPerBin: frames_per_bin,
      nBins: n_bins,
    }));
  }

  /** Whether so many rows can be drawn: without a summary, more than fit into memory are asked for from near only. */
  canDraw(range: RowRange): boolean {
    return this.levels.length > 0 || spanOf(range) <= MOST_SINGLE_ROWS;
  }

  /** Whether all is there that a timeline of some rows is drawn from; what is not is on its way. */
  has(range: RowRange, level: Level | null): boolean {
    const [perTile, tiles, last] = level
      ? [level.framesPerBin * BINS_PER_TILE, [this.bins], level.nBins * level.framesPerBin]
      : [ROWS_PER_TILE, [this.positions, this.confidences], this.nRows];
    let isWhole = true;
    const stop = Math.min(range.stop, last);
    for (let tile = Math.max(Math.floor(range.start / perTile), 0); tile * perTile < stop; tile += 1) {
      const key = level ? `${level.level}/${tile}` : `${tile}`;
      for (const cache of tiles) isWhole = cache.get(key) !== undefined && isWhole;
    }
    return isWhole;
  }

  /** Ask again for what could not be fetched. */
  retry(): void {
    for (const tiles of [this.positions, this.confidences, this.bins]) tiles.retry();
  }

  /** Fetch nothing more; what is there can be read still. */
  close(): void {
    for (const tiles of [this.positions, this.confidences, this.bins]) tiles.close();
  }

  /** How many tiles came so far that matter to a timeline, which shows single rows only from near. */
  arrivals(hasRows: boolean): number {
    return this.nBinTiles + (hasRows ? this.nRowTiles : 0);
  }

  /** Whether the timeline can be drawn whole. */
  isSettled(hasRows: boolean): boolean {
    return this.bins.isSettled && (!hasRows || (this.positions.isSettled && this.confidences.isSettled));
  }

  frameOf(row: number): number {
    return this.frames?.[row] ?? this.detail.first_frame + row;
  }

  /** The row of a frame, or the nearest row before it. */
  rowOf(frame: number): number {
    if (!this.frames) return clampRow(frame - this.detail.first_frame, this.nRows);
    const after = this.frames.findIndex((candidate) => candidate > frame);
    return clampRow((after < 0 ? this.nRows : after) - 1, this.nRows);
  }

  /** Every point of a row, keypoint by keypoint for each individual; null while it is on its way. */
  pose(row: number): readonly (readonly PosePoint[])[] | null {
    const [tile, at] = [Math.floor(row / ROWS_PER_TILE), row % ROWS_PER_TILE];
    const [positions, confidences] = [this.positions.get(`${tile}`), this.confidences.get(`${tile}`)];
    this.prefetch(tile, at);
    if (!positions || !confidences) return null;
    const [k, n] = [this.nKeypoints, this.nIndividuals];
    const [space, plane] = [at * 2 * k * n, at * k * n];
    return Array.from({ length: n }, (_, individual) =>
      Array.from({ length: k }, (__, keypoint): PosePoint => {
        const place = keypoint * n + individual;
        const [x, y] = [positions[space + place] ?? Number.NaN, positions[space + k * n + place] ?? Number.NaN];
        const confidence = confidences[plane + place] ?? Number.NaN;
        const isThere = !Number.isNaN(x) && !Number.isNaN(y);
        return {
          position: isThere ? imagePoint(x, y) : null,
          confidence: Number.isNaN(confidence) ? null : confidence,
        };
      }),
    );
  }

  /** The middle of every animal in a row, null where one is missing; null while it is on its way. */
  centres(row: number): readonly (ImagePoint | null)[] | null {
    const positions = this.positions.get(`${Math.floor(row / ROWS_PER_TILE)}`);
    if (!positions) return null;
    const [k, n] = [this.nKeypoints, this.nIndividuals];
    const start = (row % ROWS_PER_TILE) * 2 * k * n;
    return Array.from({ length: n }, (_, individual) => {
      let [x, y, count] = [0, 0, 0];
      for (let place = individual; place < k * n; place += n) {
        const [px, py] = [positions[start + place] ?? Number.NaN, positions[start + k * n + place] ?? Number.NaN];
        if (Number.isNaN(px) || Number.isNaN(py)) continue;
        [x, y, count] = [x + px, y + py, count + 1];
      }
      return count > 0 ? imagePoint(x / count, y / count) : null;
    });
  }

  /** One quantity of one point over the rows of `range`, as far as it is there; `level` null gives single rows. */
  *stretches(quantity: Quantity, keypoint: number, individual: number, range: RowRange, level: Level | null) {
    if (level === null) yield* this.rows(quantity, keypoint, individual, range);
    else yield* this.summed(quantity, keypoint, individual, range, level);
  }

  /** The least confidence of every point, column by column of rows; a point's place is that in the file. */
  leastConfidence(range: RowRange, level: Level | null): ConfidencePicture {
    const nPoints = this.nKeypoints * this.nIndividuals;
    const [rowsPerColumn, perTile] = level ? [level.framesPerBin, BINS_PER_TILE] : [1, ROWS_PER_TILE];
    const first = Math.max(Math.floor(range.start / rowsPerColumn), 0);
    const last = Math.min(Math.ceil(range.stop / rowsPerColumn), level?.nBins ?? this.nRows);
    const nColumns = Math.max(last - first, 0);
    const values = new Float32Array(nColumns * nPoints).fill(Number.NaN);
    for (let number = Math.floor(first / perTile); number * perTile < last; number += 1) {
      const tile = level ? this.bins.get(`${level.level}/${number}`) : this.confidences.get(`${number}`);
      if (!tile) continue;
      const stop = Math.min((number + 1) * perTile, last);
      for (let column = Math.max(number * perTile, first); column < stop; column += 1) {
        const place = column - number * perTile;
        const at = (level ? (place * 3 + QUANTITIES.indexOf('confidence')) * 2 : place) * nPoints;
        values.set(tile.subarray(at, at + nPoints), (column - first) * nPoints);
      }
    }
    return { firstRow: first * rowsPerColumn, rowsPerColumn, nColumns, values };
  }

  private *rows(quantity: Quantity, keypoint: number, individual: number, range: RowRange): Generator<Stretch> {
    const [k, n] = [this.nKeypoints, this.nIndividuals];
    const place = keypoint * n + individual;
    const [stride, offset] = quantity === 'confidence' ? [k * n, 0] : [2 * k * n, quantity === 'y' ? k * n : 0];
    const source = quantity === 'confidence' ? this.confidences : this.positions;
    const last = Math.min(Math.ceil(range.stop), this.nRows);
    let tile: Float32Array | undefined;
    let number = -1;
    for (let row = Math.max(Math.floor(range.start), 0); row < last; row += 1) {
      if (Math.floor(row / ROWS_PER_TILE) !== number) {
        number = Math.floor(row / ROWS_PER_TILE);
        tile = source.get(`${number}`);
      }
      const value = tile?.[(row % ROWS_PER_TILE) * stride + offset + place] ?? Number.NaN;
      yield { firstRow: row, nRows: 1, low: value, high: value };
    }
  }

  private *summed(
    quantity: Quantity,
    keypoint: number,
    individual: number,
    range: RowRange,
    { level, framesPerBin, nBins }: Level,
  ): Generator<Stretch> {
    const [k, n] = [this.nKeypoints, this.nIndividuals];
    const axis = QUANTITIES.indexOf(quantity);
    const place = keypoint * n + individual;
    const last = Math.min(Math.ceil(range.stop / framesPerBin), nBins);
    let tile: Float32Array | undefined;
    let number = -1;
    for (let bin = Math.max(Math.floor(range.start / framesPerBin), 0); bin < last; bin += 1) {
      if (Math.floor(bin / BINS_PER_TILE) !== number) {
        number = Math.floor(bin / BINS_PER_TILE);
        tile = this.bins.get(`${level}/${number}`);
      }
      const at = ((bin % BINS_PER_TILE) * 3 + axis) * 2 * k * n + place;
      const [low, high] = [tile?.[at] ?? Number.NaN, tile?.[at + k * n] ?? Number.NaN];
      yield { firstRow: bin * framesPerBin, nRows: framesPerBin, low, high };
    }
  }

  /** The neighbouring tile is there before one steps over the edge. */
  private prefetch(tile: number, at: number): void {
    const next = at > ROWS_PER_TILE / 2 ? tile + 1 : tile - 1;
    if (next < 0 || next * ROWS_PER_TILE >= this.nRows) return;
    this.positions.get(`${next}`);
    this.confidences.get(`${next}`);
  }
}

function clampRow(row: number, nRows: number): number {
  return Math.min(Math.max(row, 0), Math.max(nRows - 1, 0));
}
