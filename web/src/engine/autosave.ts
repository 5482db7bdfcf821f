/**
 * Saves each frame as soon as it changes, one request at a time, until the server has it.
 *
 * A frame that changes again while it is being saved is saved again afterwards. When the server does not answer,
 * the queue waits and repeats; when somebody else saved first, it asks for a merge and saves the result.
 */

export type SaveResult<T> =
  | { readonly kind: 'saved'; readonly revision: string; readonly number: number }
  | { readonly kind: 'conflict'; readonly theirs: T; readonly revision: string }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface AutosaveHost<T> {
  /** Send one frame; never throws. */
  readonly save: (key: string, value: T, revision: string) => Promise<SaveResult<T>>;
  /** The present value of a frame. */
  readonly read: (key: string) => T;
  /** The server has `saved` at `revision`; it is what later changes are compared with. */
  readonly onSaved: (key: string, saved: T, revision: string) => void;
  /** Put somebody else's version and ours together; what `read` gives afterwards is saved. */
  readonly onConflict: (key: string, theirs: T, revision: string) => void;
  readonly wait?: (ms: number) => Promise<void>;
}

export type SaveStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'saving'; readonly pending: number }
  | { readonly kind: 'saved'; readonly number: number }
  | { readonly kind: 'waiting'; readonly pending: number }
  | { readonly kind: 'refused'; readonly reason: string };

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

export class Autosave<T> {
  private readonly dirty = new Set<string>();
  private readonly revisions = new Map<string, string>();
  private readonly counts = new Map<string, number>();
  private inFlight: string | null = null;
  private readonly listeners = new Set<(status: SaveStatus) => void>();
  private running: Promise<void> | null = null;
  private current: SaveStatus = { kind: 'idle' };

  constructor(private readonly host: AutosaveHost<T>) {}

  get status(): SaveStatus {
    return this.current;
  }

  get hasUnsaved(): boolean {
    return this.dirty.size > 0 || this.running !== null;
  }

  /** Whether the server still lacks something of this frame. */
  isBusy(key: string): boolean {
    return this.dirty.has(key) || this.inFlight === key;
  }

  /** How often the frame was saved: what was asked for before a save is stale after it. */
  savesOf(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  /** The revision that the server had when the frame was loaded. */
  know(key: string, revision: string): void {
    this.revisions.set(key, revision);
  }

  /** The frame changed: save it. */
  touch(key: string): void {
    this.dirty.add(key);
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  /** Resolves when nothing is left to save (or the server refuses it). */
  async settled(): Promise<void> {
    while (this.running) await this.running;
  }

  subscribe(listener: (status: SaveStatus) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async run(): Promise<void> {
    let wait = FIRST_WAIT_MS;
    for (let key = first(this.dirty); key !== null; key = first(this.dirty)) {
      if (this.current.kind !== 'waiting') this.announce({ kind: 'saving', pending: this.dirty.size });
      this.dirty.delete(key);
      const result = await this.saveOne(key);
      if (result.kind !== 'unreachable') {
        wait = FIRST_WAIT_MS;
        this.settle(key, result);
        continue;
      }
      this.dirty.add(key);
      this.announce({ kind: 'waiting', pending: this.dirty.size });
      await (this.host.wait ?? sleep)(wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }

  private async saveOne(key: string): Promise<SaveResult<T>> {
    const value = this.host.read(key);
    this.inFlight = key;
    const result = await this.host.save(key, value, this.revisions.get(key) ?? '');
    this.inFlight = null;
    if (result.kind === 'saved') {
      this.revisions.set(key, result.revision);
      this.counts.set(key, this.savesOf(key) + 1);
      this.host.onSaved(key, value, result.revision);
    } else if (result.kind === 'conflict') {
      this.revisions.set(key, result.revision);
      this.host.onConflict(key, result.theirs, result.revision);
      this.dirty.add(key);
    }
    return result;
  }

  private settle(key: string, result: SaveResult<T>): void {
    if (result.kind === 'saved' && this.dirty.size === 0) this.announce({ kind: 'saved', number: result.number });
    if (result.kind === 'saved' && this.dirty.size > 0) this.announce({ kind: 'saving', pending: this.dirty.size });
    if (result.kind !== 'refused') return;
    this.dirty.delete(key);
    this.announce({ kind: 'refused', reason: result.reason });
  }

  private announce(status: SaveStatus): void {
    this.current = status;
    for (const listener of this.listeners) listener(status);
  }
}

function first(keys: ReadonlySet<string>): string | null {
  const { value, done } = keys.values().next();
  return done ? null : value;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
