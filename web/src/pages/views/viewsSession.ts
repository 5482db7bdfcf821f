/** What the multi-view page shows at one moment: one frame of the recording, in every view and in 3D. */

import { loadNumbers } from '../../api/binary';
import { fileUrl } from '../../api/client';
import type { Vector3 } from '../../engine/cameras';
import { ImageCache, neighbouringPlaces } from '../../engine/imageCache';
import { type Timing, videoFrame } from '../../engine/recordingClock';
import { TileCache } from '../../engine/tileCache';
import type { Pose3D } from './scene';

export interface Picture {
  readonly bitmap: ImageBitmap;
  /** The frame of the recording that it shows. */
  readonly frame: number;
}

export interface ViewsState {
  readonly frame: number;
  readonly isPlaying: boolean;
  readonly pictures: ReadonlyMap<string, Picture>;
  readonly problem: unknown;
  /** Counts arrivals of numbers, so that drawings notice. */
  readonly arrivals: number;
}

export interface ViewSource {
  readonly camera: string;
  readonly timing: Timing;
  readonly load: (frame: number, signal: AbortSignal) => Promise<ImageBitmap>;
}

export interface PosesSource {
  /** The address of the values, without a query. */
  readonly url: string;
  readonly nFrames: number;
  readonly firstFrame: number;
  readonly nKeypoints: number;
  readonly nIndividuals: number;
}

const ROWS_PER_TILE = 512;
const PREFETCH = 4;
const PLAY_STEP_MS = 1000 / 25;

export class ViewsSession {
  private readonly images: ReadonlyMap<string, ImageCache<ImageBitmap>>;
  private readonly positions: TileCache<Float32Array> | null;
  private readonly errors: TileCache<Float32Array> | null;
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private value: ViewsState = { frame: 0, isPlaying: false, pictures: new Map(), problem: null, arrivals: 0 };

  constructor(
    readonly sources: readonly ViewSource[],
    readonly poses: PosesSource | null,
    readonly nFrames: number,
    firstFrame: number,
  ) {
    this.images = new Map(
      sources.map(({ camera, load }) => [
        camera,
        new ImageCache({
          load: (key, signal) => load(Number(key), signal),
          dispose: (image: ImageBitmap) => image.close(),
        }),
      ]),
    );
    this.positions = poses && this.tilesOf(poses, 'position');
    this.errors = poses && this.tilesOf(poses, 'reprojection_error');
    this.go(firstFrame);
  }

  get state(): ViewsState {
    return this.value;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  close(): void {
    this.pause();
    for (const images of this.images.values()) images.close();
    this.positions?.close();
    this.errors?.close();
  }

  go(frame: number): void {
    const target = Math.min(Math.max(Math.round(frame), 0), Math.max(this.nFrames - 1, 0));
    const isForward = target >= this.value.frame;
    this.set({ frame: target });
    for (const source of this.sources) void this.showPicture(source, target, isForward);
  }

  step(by: number): void {
    this.pause();
    this.go(this.value.frame + by);
  }

  togglePlay(): void {
    if (this.value.isPlaying) this.pause();
    else this.play();
  }

  /** The points of a frame in 3D; null while they are on their way or where there are none. */
  pose(frame: number): Pose3D | null {
    const { poses } = this;
    const rows = this.rowOf(this.positions, frame);
    if (!rows || !poses) return null;
    const { nKeypoints: k, nIndividuals: n } = poses;
    const at = (axis: number, keypoint: number, individual: number) =>
      rows.values[rows.row * 3 * k * n + axis * k * n + keypoint * n + individual] ?? Number.NaN;
    return Array.from({ length: n }, (_, individual) =>
      Array.from({ length: k }, (__, keypoint): Vector3 | null => {
        const point: Vector3 = [at(0, keypoint, individual), at(1, keypoint, individual), at(2, keypoint, individual)];
        return point.every(Number.isFinite) ? point : null;
      }),
    );
  }

  /** The mean reprojection error of every keypoint of one animal in a frame, pixels; null where it is not known. */
  errorsOf(frame: number, individual: number): readonly (number | null)[] {
    const { poses } = this;
    const rows = this.rowOf(this.errors, frame);
    if (!rows || !poses) return [];
    const { nKeypoints: k, nIndividuals: n } = poses;
    return Array.from({ length: k }, (_, keypoint) => {
      const value = rows.values[rows.row * k * n + keypoint * n + individual] ?? Number.NaN;
      return Number.isFinite(value) ? value : null;
    });
  }

  private tilesOf({ url, nFrames }: PosesSource, variable: string): TileCache<Float32Array> {
    return new TileCache({
      load: (key: string, signal: AbortSignal) => {
        const start = Number(key) * ROWS_PER_TILE;
        const stop = Math.min(start + ROWS_PER_TILE, nFrames);
        return loadNumbers(fileUrl(url, { start, stop, variable }), { signal }).then(({ values }) => values);
      },
      onArrival: () => this.set({ arrivals: this.value.arrivals + 1 }),
      onError: (problem) => this.set({ problem }),
    });
  }

  private rowOf(tiles: TileCache<Float32Array> | null, frame: number) {
    const row = frame - (this.poses?.firstFrame ?? 0);
    if (!tiles || row < 0 || row >= (this.poses?.nFrames ?? 0)) return null;
    const values = tiles.get(`${Math.floor(row / ROWS_PER_TILE)}`);
    return values ? { values, row: row % ROWS_PER_TILE } : null;
  }

  private play(): void {
    if (this.value.frame >= this.nFrames - 1) this.go(0);
    this.set({ isPlaying: true });
    this.timer = setInterval(() => {
      const { frame, pictures } = this.value;
      // The views stay together: the next frame waits for the slowest.
      const isWhole = this.sources.every(
        ({ camera, timing }) => videoFrame(timing, frame) === null || pictures.get(camera)?.frame === frame,
      );
      if (!isWhole) return;
      if (frame >= this.nFrames - 1) this.pause();
      else this.go(frame + 1);
    }, PLAY_STEP_MS);
  }

  private pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    if (this.value.isPlaying) this.set({ isPlaying: false });
  }

  private async showPicture({ camera, timing }: ViewSource, frame: number, isForward: boolean): Promise<void> {
    const images = this.images.get(camera);
    const number = videoFrame(timing, frame);
    if (!images || number === null) return;
    const near = neighbouringPlaces(number, timing.nFrames, isForward, PREFETCH).map(String);
    try {
      const bitmap = await images.show(`${number}`, near);
      if (this.value.frame !== frame) return;
      this.set({ pictures: new Map(this.value.pictures).set(camera, { bitmap, frame }) });
    } catch (problem) {
      const isOld = problem instanceof DOMException && problem.name === 'AbortError';
      if (!isOld && this.value.frame === frame) this.set({ problem });
    }
  }

  private set(part: Partial<ViewsState>): void {
    this.value = { ...this.value, ...part };
    for (const listener of this.listeners) listener();
  }
}
