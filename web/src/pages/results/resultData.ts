/** The numbers of one result: poses of single rows, and minima and maxima over many. Nothing here waits. */

import { loadNumbers } from '../../api/binary';
import { fileUrl, type Schemas } from '../../api/client';
import { type ImagePoint, imagePoint } from '../../engine/geometry';
import { TileCache } from '../../engine/tileCache';
import type { Level, RowRange } from '../../engine/timeline';

const ROWS_PER_TILE = 512;
const BINS_PER_TILE = 256;

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

export class ResultData {
  readonly nRows: number;
  readonly nKeypoints: number;
  readonly nIndividuals: number;
  readonly levels: readonly Level[];
  private readonly positions: TileCache<Float32Array>;
  private readonly confidences: TileCache<Float32Array>;
  private readonly bins: TileCache<Float32Array>;

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
    this.levels = detail.levels.map(({ level, frames_per_bin, n_bins }) => ({
      level,
      framesPerBin: frames_per_bin,
      nBins: n_bins,
    }));
    const base = `/api/projects/${encodeURIComponent(project)}/results/${encodeURIComponent(detail.id)}`;
    const values = (variable: string) => (key: string, signal: AbortSignal) => {
      const start = Number(key) * ROWS_PER_TILE;
      const stop = Math.min(start + ROWS_PER_TILE, this.nRows);
      return loadNumbers(fileUrl(`${base}/values`, { start, stop, variable }), { signal }).then(
        (array) => array.values,
      );
    };
    const level = (key: string, signal: AbortSignal) => {
      const [number, tile] = key.split('/').map(Number);
      const start = (tile ?? 0) * BINS_PER_TILE;
      const url = fileUrl(`${base}/levels/${number}`, { start, stop: start + BINS_PER_TILE });
      return loadNumbers(url, { signal }).then((array) => array.values);
    };
    const hooks = { onArrival, onError };
    this.positions = new TileCache({ load: values('position'), ...hooks });
    this.confidences = new TileCache({ load: values('confidence'), ...hooks });
    this.bins = new TileCache({ load: level, ...hooks });
  }

  close(): void {
    for (const tiles of [this.positions, this.confidences, this.bins]) tiles.close();
  }

  /** Whether the timeline can be drawn whole. */
  get isSettled(): boolean {
    return this.positions.isSettled && this.confidences.isSettled && this.bins.isSettled;
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

  /** One quantity of one point over the rows of `range`, as far as it is there; `level` null gives single rows. */
  *stretches(quantity: Quantity, keypoint: number, individual: number, range: RowRange, level: Level | null) {
    if (level === null) yield* this.rows(quantity, keypoint, individual, range);
    else yield* this.summed(quantity, keypoint, individual, range, level);
  }

  private *rows(quantity: Quantity, keypoint: number, individual: number, range: RowRange): Generator<Stretch> {
    const [k, n] = [this.nKeypoints, this.nIndividuals];
    const place = keypoint * n + individual;
    const [stride, offset] = quantity === 'confidence' ? [k * n, 0] : [2 * k * n, quantity === 'y' ? k * n : 0];
    const source = quantity === 'confidence' ? this.confidences : this.positions;
    const last = Math.min(Math.ceil(range.stop), this.nRows);
    for (let row = Math.max(Math.floor(range.start), 0); row < last; row += 1) {
      const tile = source.get(`${Math.floor(row / ROWS_PER_TILE)}`);
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
    for (let bin = Math.max(Math.floor(range.start / framesPerBin), 0); bin < last; bin += 1) {
      const tile = this.bins.get(`${level}/${Math.floor(bin / BINS_PER_TILE)}`);
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
