/**
 * Decoded images of the frames around the one that is shown.
 *
 * What is looked at is loaded first, then its neighbours in the order given; what is no longer wanted is
 * aborted, and the images used longest ago are let go.
 */

export interface ImageSource<T> {
  readonly load: (key: string, signal: AbortSignal) => Promise<T>;
  /** Free what an image holds; images of the browser must be closed. */
  readonly dispose?: (image: T) => void;
}

interface Loading<T> {
  readonly promise: Promise<T>;
  readonly abort: AbortController;
}

/** How many frames on either side are fetched ahead. */
export const PREFETCH_RADIUS = 8;
const CAPACITY = 40;
const CONCURRENT = 3;

export class ImageCache<T> {
  // Maps keep the order of insertion, so the first image is the one used longest ago.
  private readonly ready = new Map<string, T>();
  private readonly loading = new Map<string, Loading<T>>();
  private wanted: readonly string[] = [];
  private shown: string | null = null;
  private closed = false;

  constructor(
    private readonly source: ImageSource<T>,
    private readonly capacity = CAPACITY,
  ) {}

  /** The image if it is there already. */
  peek(key: string): T | undefined {
    return this.ready.get(key);
  }

  /** The image of `key`; `neighbours` are fetched after it, the first ones first. */
  async show(key: string, neighbours: readonly string[] = []): Promise<T> {
    this.shown = key;
    this.wanted = neighbours.slice(0, this.capacity - 1);
    this.abortUnwanted(key);
    const known = this.ready.get(key);
    if (known !== undefined) this.touch(key, known);
    if (known !== undefined) this.prefetch();
    const image = known ?? (await this.fetch(key));
    this.prefetch();
    return image;
  }

  /** Forget one image, because it changed. */
  forget(key: string): void {
    this.loading.get(key)?.abort.abort();
    this.loading.delete(key);
    this.release(key);
  }

  close(): void {
    this.closed = true;
    for (const { abort } of this.loading.values()) abort.abort();
    this.loading.clear();
    for (const key of [...this.ready.keys()]) this.release(key);
  }

  private prefetch(): void {
    for (const key of this.wanted) {
      if (this.loading.size >= CONCURRENT || this.closed) return;
      if (this.ready.has(key) || this.loading.has(key)) continue;
      // A neighbour that cannot be loaded is an error only when somebody wants to see it.
      this.fetch(key).then(
        () => this.prefetch(),
        () => undefined,
      );
    }
  }

  private fetch(key: string): Promise<T> {
    const running = this.loading.get(key);
    if (running) return running.promise;
    const abort = new AbortController();
    const promise = this.source.load(key, abort.signal).then(
      (image) => this.keep(key, image, abort),
      (error: unknown) => {
        if (this.loading.get(key)?.abort === abort) this.loading.delete(key);
        throw error;
      },
    );
    this.loading.set(key, { promise, abort });
    return promise;
  }

  private keep(key: string, image: T, abort: AbortController): T {
    if (this.loading.get(key)?.abort === abort) this.loading.delete(key);
    if (abort.signal.aborted) {
      this.source.dispose?.(image);
      throw new DOMException(`${key} is no longer wanted`, 'AbortError');
    }
    this.touch(key, image);
    for (const old of this.ready.keys()) {
      if (this.ready.size <= this.capacity) break;
      if (old !== key && old !== this.shown) this.release(old);
    }
    return image;
  }

  private touch(key: string, image: T): void {
    this.ready.delete(key);
    this.ready.set(key, image);
  }

  private release(key: string): void {
    const image = this.ready.get(key);
    if (image === undefined) return;
    this.ready.delete(key);
    this.source.dispose?.(image);
  }

  private abortUnwanted(key: string): void {
    for (const [other, { abort }] of this.loading) {
      if (other === key || this.wanted.includes(other)) continue;
      abort.abort();
      this.loading.delete(other);
    }
  }
}

/** The places around `index` in the order in which they are likely to be needed: ahead first, by distance. */
export function neighbouringPlaces(index: number, length: number, forward = true, radius = PREFETCH_RADIUS): number[] {
  const places: number[] = [];
  for (let step = 1; step <= radius; step += 1) {
    const [ahead, behind] = forward ? [index + step, index - step] : [index - step, index + step];
    places.push(ahead, behind);
  }
  return places.filter((place) => place >= 0 && place < length);
}
