/**
 * One person's work at the label page: which frame is shown, what is fetched, saved and said.
 *
 * It joins the editor, the autosaving and the image cache to the server, and knows no framework either.
 */

import { explain, isUnreachable } from '../../api/errors';
import { Autosave, type SaveStatus } from '../../engine/autosave';
import { Editor } from '../../engine/editor';
import { ImageCache, neighbouringPlaces } from '../../engine/imageCache';
import type { FrameLabels, Skeleton } from '../../engine/labels';
import { stateOf } from '../../engine/labels';
import { missingFrom } from '../../engine/missing';
import {
  filterQueue,
  nearestLabeled,
  nextUnlabeled,
  type QueueFilter,
  type QueueItem,
  stepped,
  withItem,
} from '../../engine/queue';
import { keyOf, type LabelBackend, type Place, PREFILL_SOURCES, placeOf } from './backend';
import type { Drafts } from './drafts';

export interface SessionState {
  readonly items: readonly QueueItem[];
  /** The queue has come; until then, that it holds nothing means nothing. */
  readonly isListed: boolean;
  readonly filter: QueueFilter;
  /** The frame on the canvas. */
  readonly place: Place | null;
  readonly picture: ImageBitmap | null;
  readonly needsReview: boolean;
  readonly isLoading: boolean;
  readonly problem: Problem | null;
  readonly save: SaveStatus;
  readonly isLoop: boolean;
  /** The latest words for the live region. */
  readonly notice: string;
  /** Who else looks at this frame: a name, or several. */
  readonly companion: string | null;
}

/** Why a frame cannot be shown, in words. */
export interface Problem {
  readonly title: string;
  readonly text: string;
  /** The server did not answer, and is asked again. */
  readonly isRetrying: boolean;
}

export interface Project {
  readonly skeleton: Skeleton;
  readonly individuals: readonly string[];
  /** The number of frames of every video. */
  readonly nFrames: ReadonlyMap<string, number>;
}

const LEASE_EVERY_MS = 15_000;
const RETRY_AFTER_MS = 2_000;

export class LabelSession {
  readonly editor: Editor;
  /** Propose points whenever an unlabelled frame opens, as the person likes it. */
  prefillNew = false;
  /** The same, because that is what they came for: frames that are worth labelling. */
  isPrefilling = false;

  private readonly autosave: Autosave<FrameLabels>;
  private readonly images: ImageCache<ImageBitmap>;
  private readonly listeners = new Set<() => void>();
  private readonly received = new Map<string, { needsReview: boolean }>();
  private readonly sources = new Map<string, number>();
  private leaseTimer: ReturnType<typeof setInterval> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private lastLabeled: string | null = null;
  private wanted: Place | null = null;
  private isForward = true;
  private isClosed = false;
  private value: SessionState = {
    items: [],
    isListed: false,
    filter: 'all',
    place: null,
    picture: null,
    needsReview: false,
    isLoading: true,
    problem: null,
    save: { kind: 'idle' },
    isLoop: false,
    notice: '',
    companion: null,
  };

  constructor(
    private readonly project: Project,
    private readonly backend: LabelBackend,
    private readonly drafts: Drafts,
  ) {
    this.editor = new Editor(project.skeleton, project.individuals, {
      onChange: (key) => this.changed(key),
      onAnnounce: (words) => this.say(words),
      onAdvanceFrame: () => this.step(1),
    });
    this.images = new ImageCache({
      load: (key, signal) => backend.loadImage(placeOf(key), signal),
      dispose: (image) => image.close(),
    });
    this.autosave = new Autosave({
      save: (key, labels, revision) => backend.saveLabels(placeOf(key), labels, revision),
      read: (key) => this.editor.documents.labels(key),
      onSaved: (key, saved) => this.saved(key, saved),
      onConflict: (key, theirs) => this.merge(key, theirs),
    });
    this.autosave.subscribe((save) => this.set({ save }));
  }

  get state(): SessionState {
    return this.value;
  }

  get hasUnsaved(): boolean {
    return this.autosave.hasUnsaved;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /**
   * Load the queue and show a frame: the one asked for last, or the first with something to do.
   *
   * Fails where the queue cannot be had.
   */
  async start(first: Place | null): Promise<void> {
    this.wanted = first;
    this.leaseTimer = setInterval(() => this.renewLease(), LEASE_EVERY_MS);
    const items = await this.backend.listFrames();
    this.set({ items, isListed: true });
    await this.sendDrafts();
    const place = this.wanted ?? nextUnlabeled(items, null) ?? items[0];
    if (place) await this.go({ video: place.video, frame: place.frame });
    else this.set({ isLoading: false });
  }

  close(): void {
    clearInterval(this.leaseTimer);
    clearTimeout(this.retryTimer);
    this.isClosed = true;
    // Whoever still draws this session must not draw a picture that is gone.
    this.set({ picture: null });
    this.images.close();
  }

  // Going from frame to frame --------------------------------------------------------------------------------------

  async go(place: Place): Promise<void> {
    this.wanted = place;
    clearTimeout(this.retryTimer);
    const key = keyOf(place);
    const picture = this.images.peek(key);
    if (picture && this.received.has(key)) this.show(place, picture);
    else this.set({ isLoading: true, problem: null });
    await this.fetch(place);
  }

  /** Whether `place` is the frame that was asked for last, shown already or not. */
  isWanted(place: Place): boolean {
    return this.wanted !== null && keyOf(this.wanted) === keyOf(place);
  }

  /** Step through the filtered queue, or through the video where the frame is not in the queue. */
  step(by: number): void {
    this.isForward = by > 0;
    const from = this.wanted;
    const items = this.visibleItems();
    if (from && !items.some((item) => item.key === keyOf(from))) {
      this.goTo(from.frame + by);
      return;
    }
    if (!this.value.isListed) return;
    const item = stepped(items, from && keyOf(from), by);
    if (item) void this.go({ video: item.video, frame: item.frame });
    else this.say(by > 0 ? 'This is the last frame' : 'This is the first frame');
  }

  goNextUnlabeled(): void {
    if (!this.value.isListed) return;
    this.isForward = true;
    const item = nextUnlabeled(this.value.items, this.wanted && keyOf(this.wanted));
    if (item) void this.go({ video: item.video, frame: item.frame });
    else this.say('Every frame of the queue is labelled');
  }

  /** Go to any frame of the video that is shown, whether or not it is in the queue. */
  goTo(frame: number): void {
    if (!this.wanted) return;
    const { video } = this.wanted;
    const last = (this.project.nFrames.get(video) ?? Number.POSITIVE_INFINITY) - 1;
    void this.go({ video, frame: Math.min(Math.max(Math.round(frame), 0), last) });
  }

  setFilter(filter: QueueFilter): void {
    this.set({ filter });
  }

  visibleItems(): QueueItem[] {
    return filterQueue(this.value.items, this.value.filter, this.value.place && keyOf(this.value.place));
  }

  // Labels ---------------------------------------------------------------------------------------------------------

  /** Everything proposed is right: accept it and go on. */
  acceptAndGoOn(): void {
    this.editor.acceptAll();
    this.step(1);
  }

  /** Propose the animals of the frame that was labelled last; where that is none or this one, of the nearest. */
  async copyLast(): Promise<void> {
    const { place, items } = this.value;
    if (!place) return;
    const here = keyOf(place);
    const { documents } = this.editor;
    const last = this.lastLabeled;
    const isGood = last !== null && last !== here && documents.labels(last).instances.length > 0;
    const source = isGood ? last : (nearestLabeled(items, place)?.key ?? null);
    if (source === null) {
      this.say('There is no last frame to copy from: label one first');
      return;
    }
    try {
      if (!this.received.has(source)) await this.receive(placeOf(source));
    } catch (error) {
      this.say(explain(error).message);
      return;
    }
    if (this.editor.state.frame !== here) return;
    const { frame } = placeOf(source);
    const n = this.editor.fill(documents.labels(source), `frame ${frame}`);
    this.say(n > 0 ? `${pointsWord(n)} proposed from frame ${frame}` : this.nothingFrom(`Frame ${frame}`));
  }

  /** Ask for proposals; the best source first, and the next one when asked again. */
  async prefill(): Promise<void> {
    const { place } = this.value;
    if (!place) return;
    const key = keyOf(place);
    const notes: string[] = [];
    for (let tries = 0; tries < PREFILL_SOURCES.length; tries += 1) {
      const turn = this.sources.get(key) ?? 0;
      const source = PREFILL_SOURCES[turn % PREFILL_SOURCES.length] ?? 'model';
      this.sources.set(key, turn + 1);
      this.say(`Asking for proposals (${source})`);
      try {
        const { labels, note } = await this.backend.propose(place, source);
        if (this.editor.state.frame !== key) return;
        if (labels.instances.length > 0) {
          const n = this.editor.fill(labels, SOURCE_WORDS[source]);
          this.say(n > 0 ? `${pointsWord(n)} proposed from ${SOURCE_WORDS[source]}` : this.nothingFrom('That'));
          return;
        }
        if (note) notes.push(note);
      } catch (error) {
        notes.push(explain(error).message);
      }
    }
    this.say(notes[0] ?? 'Nobody knows where the points are');
  }

  /** Label one part through all frames, or all parts of one frame. */
  toggleLoop(): void {
    this.editor.isLoop = !this.editor.isLoop;
    this.set({ isLoop: this.editor.isLoop });
    this.say(this.editor.isLoop ? 'One part through all frames' : 'All parts of a frame');
  }

  undo(): void {
    this.follow(this.editor.undo(), 'Nothing to undo');
  }

  redo(): void {
    this.follow(this.editor.redo(), 'Nothing to do again');
  }

  async toggleReview(): Promise<void> {
    const { place, needsReview } = this.value;
    if (!place) return;
    const { needsReview: now } = await this.backend.askForReview(place, !needsReview);
    this.received.set(keyOf(place), { needsReview: now });
    this.changeItem(keyOf(place), { needsReview: now });
    this.set({ needsReview: now });
    this.say(now ? 'Marked for a second look' : 'No second look needed');
  }

  // Inside ---------------------------------------------------------------------------------------------------------

  /** Get what is not there yet of a frame, and show it; where the server does not answer, ask again. */
  private async fetch(place: Place): Promise<void> {
    const key = keyOf(place);
    const known = this.received.has(key);
    try {
      const image = this.images.show(key, this.neighboursOf(place));
      const [loaded] = await Promise.all([image, known ? null : this.receive(place)]);
      if (!this.isWanted(place)) return;
      if (this.isShown(place)) this.set({ isLoading: false });
      else this.show(place, loaded);
      // Somebody else may have labelled a frame that was seen before.
      if (known) await this.receive(place);
      this.prefetchLabels(place);
    } catch (error) {
      if (this.isClosed || !this.isWanted(place)) return;
      const isRetrying = isUnreachable(error);
      if (isRetrying) this.retryTimer = setTimeout(() => void this.fetch(place), RETRY_AFTER_MS);
      const isInSight = isRetrying && this.isShown(place);
      this.set({ isLoading: false, problem: isInSight ? null : problemOf(place, error, isRetrying) });
    }
  }

  private isShown(place: Place): boolean {
    return this.value.place !== null && keyOf(this.value.place) === keyOf(place);
  }

  private show(place: Place, picture: ImageBitmap): void {
    const key = keyOf(place);
    const needsReview = this.received.get(key)?.needsReview ?? false;
    this.set({ place, picture, needsReview, isLoading: false, problem: null, companion: null });
    this.editor.open(key, { width: picture.width, height: picture.height });
    this.renewLease();
    const isNew = stateOf(this.editor.state.labels) === 'unlabeled';
    const isAsked = this.prefillNew || this.isPrefilling;
    if (isAsked && isNew && !this.sources.has(key)) void this.prefill().then(() => this.editor.lookAgain());
  }

  private async receive(place: Place): Promise<void> {
    const key = keyOf(place);
    const saves = this.autosave.savesOf(key);
    const { labels, revision, needsReview } = await this.backend.readLabels(place);
    // An answer from before a save would take that save back.
    if (this.autosave.savesOf(key) !== saves || this.autosave.isBusy(key)) return;
    this.editor.documents.receive(key, labels);
    this.received.set(key, { needsReview });
    this.autosave.know(key, revision);
    if (this.editor.state.frame === key) this.editor.refresh();
  }

  private prefetchLabels(place: Place): void {
    for (const key of this.neighboursOf(place).slice(0, 4)) {
      if (!this.received.has(key)) this.receive(placeOf(key)).catch(() => undefined);
    }
  }

  private neighboursOf(place: Place): string[] {
    const items = this.visibleItems();
    const at = items.findIndex((item) => item.key === keyOf(place));
    if (at >= 0) return neighbouringPlaces(at, items.length, this.isForward).map((i) => items[i]?.key ?? '');
    const n = this.project.nFrames.get(place.video) ?? 0;
    return neighbouringPlaces(place.frame, n, this.isForward).map((frame) => keyOf({ ...place, frame }));
  }

  private changed(key: string): void {
    const { documents } = this.editor;
    const labels = documents.labels(key);
    this.drafts.keep(key, { base: documents.base(key), labels });
    if (labels.instances.length > 0) this.lastLabeled = key;
    this.listItem(key);
    this.changeItem(key, { state: stateOf(labels), nAnimals: labels.instances.length });
    this.autosave.touch(key);
  }

  private saved(key: string, saved: FrameLabels): void {
    this.editor.documents.markSaved(key, saved);
    if (!this.editor.documents.isChanged(key)) this.drafts.drop(key);
  }

  private merge(key: string, theirs: FrameLabels): void {
    this.editor.documents.receive(key, theirs);
    const n = this.editor.documents.conflicts(key).length;
    if (this.editor.state.frame === key) this.editor.refresh();
    this.say(
      n === 0
        ? 'Somebody else labelled this frame too; both are kept'
        : `Somebody else moved ${pointsWord(n)} too: choose which to keep`,
    );
  }

  /** Save what an earlier page could not. */
  private async sendDrafts(): Promise<void> {
    for (const [key, { base, labels }] of this.drafts.list()) {
      this.editor.documents.restore(key, base, labels);
      await this.receive(placeOf(key)).then(
        () => this.changed(key),
        () => undefined,
      );
    }
  }

  private follow(key: string | null, otherwise: string): void {
    if (key === null) this.say(otherwise);
    else if (key !== this.editor.state.frame) void this.go(placeOf(key));
  }

  /** Why nothing came from a source. */
  private nothingFrom(source: string): string {
    const { labels } = this.editor.state;
    const isComplete = missingFrom(labels, this.editor.individuals).length === 0;
    return isComplete ? 'Nothing was missing' : `${source} has nothing of what is missing here`;
  }

  private renewLease(): void {
    const { place } = this.value;
    if (!place || document.hidden) return;
    this.backend.lease(place).then(
      (others) => {
        if (this.value.place === place) this.set({ companion: [...new Set(others)].join(' and ') || null });
      },
      () => undefined,
    );
  }

  /** A frame that a person labels is in the queue from then on. */
  private listItem(key: string): void {
    if (this.value.items.some((item) => item.key === key)) return;
    const needsReview = this.received.get(key)?.needsReview ?? false;
    const item: QueueItem = { ...placeOf(key), key, state: 'unlabeled', nAnimals: 0, confidence: null, needsReview };
    this.set({ items: withItem(this.value.items, item, [...this.project.nFrames.keys()]) });
  }

  private changeItem(key: string, part: Partial<QueueItem>): void {
    this.set({ items: this.value.items.map((item) => (item.key === key ? { ...item, ...part } : item)) });
  }

  private say(notice: string): void {
    this.set({ notice });
  }

  private set(part: Partial<SessionState>): void {
    this.value = { ...this.value, ...part };
    for (const listener of this.listeners) listener();
  }
}

const SOURCE_WORDS = {
  model: 'the trained network',
  flow: 'the motion in the video',
  previous: 'the frame before',
} as const;

const pointsWord = (n: number): string => (n === 1 ? '1 point' : `${n} points`);

function problemOf({ frame }: Place, error: unknown, isRetrying: boolean): Problem {
  const { message, hint } = explain(error);
  const [title, text] = isRetrying
    ? [
        'The server does not answer',
        `Frame ${frame} is shown as soon as it does. What you labelled is kept in this browser until then.`,
      ]
    : [`Frame ${frame} cannot be shown`, [message, hint].filter(Boolean).join(' ')];
  return { title, text, isRetrying };
}
