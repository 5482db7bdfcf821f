/** What the results page shows at one moment: the row, the rows of the timeline, and what is drawn of them. */

import { loadNumbers } from '../../api/binary';
import { fileUrl, type Schemas } from '../../api/client';
import { isUnreachable } from '../../api/errors';
import { ImageCache, neighbouringPlaces } from '../../engine/imageCache';
import { follow, panRange, type RowRange, zoomRange } from '../../engine/timeline';
import { ResultData } from './resultData';

export type SmoothingSettings = Omit<Schemas['SmoothingPreview'], 'start' | 'stop'>;

/** Smoothed positions of some rows: (n, 2, n_keypoints, n_individuals). */
export interface Smoothed {
  readonly start: number;
  readonly stop: number;
  readonly values: Float32Array;
}

export interface ResultState {
  readonly row: number;
  readonly range: RowRange;
  readonly picture: ImageBitmap | null;
  /** The frame that the picture shows; it follows the row as fast as frames are decoded. */
  readonly pictureFrame: number | null;
  readonly isPlaying: boolean;
  /** The keypoints whose traces are drawn. */
  readonly shown: ReadonlySet<number>;
  /** The individuals whose traces are drawn; null for all. */
  readonly individuals: readonly number[] | null;
  readonly minConfidence: number;
  readonly smoothed: Smoothed | null;
  readonly problem: unknown;
  /** Counts arrivals of numbers, so that drawings notice. */
  readonly arrivals: number;
}

/** Fewer traces are read more easily, and a person can choose others. */
const TRACES_AT_FIRST = 6;
/** The most rows that a preview smooths. */
export const PREVIEW_ROWS = 2000;
const PLAY_STEP_MS = 1000 / 30;
const ASK_AGAIN_MS = 2000;

export class ResultSession {
  private numbers: ResultData;
  /** Those of the changed result, until there is enough of them to show. */
  private coming: ResultData | null = null;
  private readonly images: ImageCache<ImageBitmap> | null;
  private readonly listeners = new Set<() => void>();
  private isClosed = false;
  private playTimer: ReturnType<typeof setInterval> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private value: ResultState;

  constructor(
    project: string,
    detail: Schemas['ResultDetail'],
    frames: Float64Array | null,
    /** Loads a frame of the video by its number; null where the video is not known. */
    loadImage: ((frame: number, signal: AbortSignal) => Promise<ImageBitmap>) | null,
    firstFrame: number | null,
  ) {
    this.numbers = this.open(project, detail, frames);
    this.images =
      loadImage &&
      new ImageCache({
        load: (key, signal) => loadImage(Number(key), signal),
        dispose: (image) => image.close(),
      });
    const { nRows, nKeypoints } = this.data;
    this.value = {
      row: firstFrame === null ? 0 : this.data.rowOf(firstFrame),
      range: { start: 0, stop: Math.max(nRows, 1) },
      picture: null,
      pictureFrame: null,
      isPlaying: false,
      // Of several animals, one point of each: that tells who is where.
      shown: spread(nKeypoints, this.data.nIndividuals > 1 ? 1 : TRACES_AT_FIRST),
      individuals: null,
      minConfidence: 0,
      smoothed: null,
      problem: null,
      arrivals: 0,
    };
    void this.showPicture();
  }

  get data(): ResultData {
    return this.numbers;
  }

  get state(): ResultState {
    return this.value;
  }

  /** The numbers that were opened last, be they shown yet or not. */
  get newest(): ResultData {
    return this.coming ?? this.numbers;
  }

  /**
   * Show the same result after it was changed: where one is stays, and only its numbers are read again.
   *
   * Those from before are shown until the pose of the present row is there.
   */
  renew(detail: Schemas['ResultDetail'], frames: Float64Array | null): void {
    this.newest.close();
    this.coming = this.open(this.numbers.project, detail, frames);
    this.showNewest();
  }

  /** The summary that a timeline is drawn from is there. */
  summarise(levels: Schemas['ResultDetail']['levels']): void {
    this.newest.summarise(levels);
    this.set({ arrivals: this.value.arrivals + 1 });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  close(): void {
    this.isClosed = true;
    this.pause();
    clearTimeout(this.retryTimer);
    // Whoever still draws this session must not draw a picture that is gone.
    this.set({ picture: null, pictureFrame: null });
    this.images?.close();
    this.numbers.close();
    this.coming?.close();
  }

  go(row: number): void {
    const { nRows } = this.data;
    const target = Math.min(Math.max(Math.round(row), 0), Math.max(nRows - 1, 0));
    if (target === this.value.row && this.value.picture) return;
    const isForward = target >= this.value.row;
    this.set({ row: target, range: follow(this.value.range, target, nRows) });
    this.showNewest();
    void this.showPicture(isForward);
  }

  step(by: number): void {
    this.pause();
    this.go(this.value.row + by);
  }

  goToFrame(frame: number): void {
    this.pause();
    this.go(this.data.rowOf(frame));
  }

  zoom(anchor: number, factor: number): void {
    this.set({ range: zoomRange(this.value.range, anchor, factor, this.data.nRows) });
  }

  /** Zoom around the row that is shown. */
  zoomAtRow(factor: number): void {
    const { range, row } = this.value;
    const anchor = (row - range.start) / (range.stop - range.start);
    this.zoom(Math.min(Math.max(anchor, 0), 1), factor);
  }

  pan(rows: number): void {
    this.set({ range: panRange(this.value.range, rows, this.data.nRows) });
  }

  showAll(): void {
    this.set({ range: { start: 0, stop: Math.max(this.data.nRows, 1) } });
  }

  /** Show rows from `start` up to `stop`, as far as there are any. */
  showRows(start: number, stop: number): void {
    const { nRows } = this.data;
    this.set({ range: { start: Math.max(start, 0), stop: Math.min(Math.max(stop, start + 1), nRows) } });
  }

  togglePlay(): void {
    if (this.value.isPlaying) this.pause();
    else this.play(null);
  }

  /** Play some rows again and again, until somebody stops it or goes elsewhere. */
  toggleLoop(rows: RowRange): void {
    if (this.value.isPlaying) this.pause();
    else this.play(rows);
  }

  toggleKeypoint(keypoint: number): void {
    const shown = new Set(this.value.shown);
    if (!shown.delete(keypoint)) shown.add(keypoint);
    this.set({ shown });
  }

  showKeypoints(shown: Iterable<number>): void {
    this.set({ shown: new Set(shown) });
  }

  chooseIndividuals(individuals: readonly number[] | null): void {
    this.set({ individuals });
  }

  setMinConfidence(minConfidence: number): void {
    this.set({ minConfidence });
  }

  /** Smooth the rows around the one that is shown, without writing anything. */
  async previewSmoothing(settings: SmoothingSettings): Promise<void> {
    const { detail, project, nRows } = this.data;
    const middle = this.value.row;
    const start = Math.max(Math.min(middle - PREVIEW_ROWS / 2, nRows - PREVIEW_ROWS), 0);
    const stop = Math.min(start + PREVIEW_ROWS, nRows);
    const path = `/api/projects/${encodeURIComponent(project)}/results/${encodeURIComponent(detail.id)}`;
    const { values } = await loadNumbers(fileUrl(`${path}/smoothing-preview`), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...settings, start, stop }),
    });
    const { range } = this.value;
    const isWide = range.stop - range.start > PREVIEW_ROWS;
    this.set({ smoothed: { start, stop, values }, range: isWide ? { start, stop } : range });
  }

  clearSmoothing(): void {
    this.set({ smoothed: null });
  }

  /** Play at the video's own speed; frames that do not come in time are left out, never shown late. */
  private play(loop: RowRange | null): void {
    const fps = this.data.detail.fps ?? 25;
    const [from, began] = [loop?.start ?? this.value.row, performance.now()];
    this.set({ isPlaying: true });
    this.playTimer = setInterval(() => {
      const played = Math.floor(((performance.now() - began) / 1000) * fps);
      const row = from + (loop ? played % Math.max(loop.stop - loop.start, 1) : played);
      this.go(row);
      if (!loop && row >= this.data.nRows - 1) this.pause();
    }, PLAY_STEP_MS);
  }

  private pause(): void {
    clearInterval(this.playTimer);
    if (this.value.isPlaying) this.set({ isPlaying: false });
  }

  private async showPicture(isForward = true): Promise<void> {
    if (!this.images) return;
    const { row } = this.value;
    const frame = this.data.frameOf(row);
    const places = neighbouringPlaces(row, this.data.nRows, isForward);
    const neighbours = places.map((place) => `${this.data.frameOf(place)}`);
    try {
      const picture = await this.images.show(`${frame}`, neighbours);
      if (this.value.row === row && !this.isClosed) this.set({ picture, pictureFrame: frame, ...this.answered() });
    } catch (problem) {
      if (this.value.row === row && !this.isClosed) this.failed(problem);
    }
  }

  private open(project: string, detail: Schemas['ResultDetail'], frames: Float64Array | null): ResultData {
    return new ResultData(
      project,
      detail,
      frames,
      () => {
        this.set({ arrivals: this.value.arrivals + 1, ...this.answered() });
        this.showNewest();
      },
      (problem) => this.failed(problem),
    );
  }

  /** Change over to the numbers that are coming, as soon as they say who is where. */
  private showNewest(): void {
    if (!this.coming || (this.coming.pose(this.value.row) === null && this.coming.nRows > 0)) return;
    this.numbers = this.coming;
    this.coming = null;
    this.set({ arrivals: this.value.arrivals + 1 });
  }

  /** Where only the connection failed, ask again until there is an answer. */
  private failed(problem: unknown): void {
    this.set({ problem });
    if (!isUnreachable(problem) || this.isClosed) return;
    this.retryTimer ??= setTimeout(() => {
      this.retryTimer = undefined;
      for (const numbers of [this.numbers, this.coming]) numbers?.retry();
      this.showNewest();
      this.set({ arrivals: this.value.arrivals + 1 });
      void this.showPicture();
    }, ASK_AGAIN_MS);
  }

  /** An answer shows that the connection is there again. */
  private answered(): Pick<ResultState, 'problem'> {
    const { problem } = this.value;
    return { problem: isUnreachable(problem) ? null : problem };
  }

  private set(part: Partial<ResultState>): void {
    this.value = { ...this.value, ...part };
    for (const listener of this.listeners) listener();
  }
}

/** A few keypoints from all over the body: their colours differ most. */
function spread(nKeypoints: number, most: number): ReadonlySet<number> {
  const count = Math.min(nKeypoints, most);
  return new Set(Array.from({ length: count }, (_, i) => Math.round((i * (nKeypoints - 1)) / Math.max(count - 1, 1))));
}
