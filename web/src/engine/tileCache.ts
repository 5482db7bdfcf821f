/**
 * Tiles of numbers that are fetched when they are first asked for.
 *
 * Asking never waits: what is there is returned, what is not is fetched, and whoever draws is told when it came.
 */

export interface TileSource<T> {
  readonly load: (key: string, signal: AbortSignal) => Promise<T>;
  /** A tile arrived: draw again. */
  readonly onArrival: () => void;
  readonly onError?: (error: unknown) => void;
}

const CAPACITY = 64;
const CONCURRENT = 4;

export class TileCache<T> {
  // Maps keep the order of insertion, so the first tile is the one used longest ago.
  private readonly tiles = new Map<string, T>();
  private readonly loading = new Set<string>();
  private queue: string[] = [];
  private readonly failed = new Set<string>();
  private readonly abort = new AbortController();

  constructor(
    private readonly source: TileSource<T>,
    private readonly capacity = CAPACITY,
  ) {}

  /** The tile if it is there; else it is on its way. Those asked for last are fetched first. */
  get(key: string): T | undefined {
    const tile = this.tiles.get(key);
    if (tile !== undefined) {
      this.tiles.delete(key);
      this.tiles.set(key, tile);
      return tile;
    }
    if (!this.loading.has(key) && !this.failed.has(key) && !this.abort.signal.aborted) {
      this.queue = [...this.queue.filter((waiting) => waiting !== key), key].slice(-this.capacity);
      this.pump();
    }
    return undefined;
  }

  /** Whether everything that was asked for has come, or never will. */
  get isSettled(): boolean {
    return this.loading.size === 0 && this.queue.length === 0;
  }

  /** What failed may be asked for again. */
  retry(): void {
    this.failed.clear();
  }

  /** Fetch nothing more; what is there can be read still. */
  close(): void {
    this.queue = [];
    this.abort.abort();
  }

  private pump(): void {
    while (this.loading.size < CONCURRENT) {
      const key = this.queue.pop();
      if (key === undefined) return;
      this.loading.add(key);
      this.source.load(key, this.abort.signal).then(
        (tile) => this.arrived(key, tile),
        (error: unknown) => this.broke(key, error),
      );
    }
  }

  private arrived(key: string, tile: T): void {
    this.loading.delete(key);
    if (this.abort.signal.aborted) return;
    this.tiles.set(key, tile);
    for (const old of this.tiles.keys()) {
      if (this.tiles.size <= this.capacity) break;
      this.tiles.delete(old);
    }
    this.pump();
    this.source.onArrival();
  }

  private broke(key: string, error: unknown): void {
    this.loading.delete(key);
    if (this.abort.signal.aborted) return;
    // Asking again and again for what the server refuses would only make noise.
    this.failed.add(key);
    this.source.onError?.(error);
    this.pump();
  }
}
