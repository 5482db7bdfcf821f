/**
 * Labelling one moment in several views: one label session for each camera, and what they say together.
 *
 * Saving, merging and undoing are those of the Label page, view by view; this joins them through the cameras.
 */

import type { Camera } from '../../engine/cameras';
import { targetOf } from '../../engine/editorState';
import { instanceAt, type LabelledView, proposalFor, type SolvedPoint, solve } from '../../engine/multiview';
import { type Timing, videoFrame } from '../../engine/recordingClock';
import type { LabelSession } from '../label/labelSession';

export interface DeskView {
  readonly camera: Camera;
  readonly video: string;
  readonly timing: Timing;
  readonly session: LabelSession;
}

export interface DeskState {
  readonly frame: number;
  /** The camera whose view was used last. */
  readonly active: string;
  /** The animal that is labelled, counted from 0. */
  readonly place: number;
  readonly solved: readonly (SolvedPoint | null)[];
  readonly notice: string;
  /** Counts changes of any view, so that drawings notice. */
  readonly changes: number;
}

export class ViewsDesk {
  private readonly listeners = new Set<() => void>();
  private readonly stops: (() => void)[] = [];
  private value: DeskState;

  constructor(
    readonly views: readonly DeskView[],
    readonly individuals: readonly string[],
    readonly keypoints: readonly string[],
    readonly nFrames: number,
    /** Frames of the recording that wait for labels or have some, rising. */
    private readonly queue: readonly number[],
    first: number | null,
  ) {
    const active = views[0]?.camera.name ?? '';
    this.value = { frame: -1, active, place: 0, solved: [], notice: '', changes: 0 };
    for (const { session, camera } of views) {
      let [labels, pointer] = [session.editor.state.labels, session.editor.state.pointer];
      this.stops.push(
        session.editor.subscribe(() => {
          const { state } = session.editor;
          const isOther = state.labels !== labels;
          if (state.pointer && state.pointer !== pointer) this.activate(camera.name);
          [labels, pointer] = [state.labels, state.pointer];
          if (isOther) this.solveAgain();
          else this.set({ changes: this.value.changes + 1 });
        }),
      );
    }
    void this.go(first ?? queue[0] ?? 0);
  }

  get state(): DeskState {
    return this.value;
  }

  get active(): DeskView | undefined {
    return this.views.find(({ camera }) => camera.name === this.value.active);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  close(): void {
    for (const stop of this.stops) stop();
    for (const { session } of this.views) session.close();
  }

  async go(frame: number): Promise<void> {
    const target = Math.min(Math.max(Math.round(frame), 0), Math.max(this.nFrames - 1, 0));
    if (target === this.value.frame) return;
    this.set({ frame: target });
    await Promise.all(
      this.views.map(({ session, video, timing }) => {
        const number = videoFrame(timing, target);
        return number === null ? null : session.go({ video, frame: number });
      }),
    );
    this.solveAgain();
  }

  /** The next or previous frame that was chosen for labelling; where none was, the next or previous of all. */
  step(by: 1 | -1): void {
    const { frame } = this.value;
    const ahead = by > 0 ? this.queue.find((one) => one > frame) : this.queue.findLast((one) => one < frame);
    if (ahead !== undefined) void this.go(ahead);
    else if (this.queue.length === 0) this.stepFrame(by);
    else this.say(by > 0 ? 'This is the last chosen frame' : 'This is the first chosen frame');
  }

  stepFrame(by: number): void {
    void this.go(this.value.frame + by);
  }

  activate(active: string): void {
    if (active !== this.value.active) this.set({ active });
  }

  /** Choose a part in every view. */
  choosePart(keypoint: number): void {
    const n = this.keypoints.length;
    const wanted = ((keypoint % n) + n) % n;
    for (const { session } of this.shown()) session.editor.choosePart(wanted);
  }

  stepPart(by: number): void {
    const state = this.active?.session.editor.state;
    this.choosePart((state?.keypoint ?? state?.touched?.keypoint ?? -by) + by);
  }

  /** The animal with this number, counted from 0, in every view. */
  chooseAnimal(place: number): void {
    for (const { session } of this.shown()) session.editor.chooseInstance(place);
    this.set({ place });
    this.solveAgain();
  }

  /** Propose, in every view that lacks them, the points that the other views give; returns how many. */
  fillOthers(): number {
    const { solved, place } = this.value;
    let n = 0;
    for (const { session, camera } of this.shown()) {
      const own = instanceAt(session.editor.state.labels, place, this.individuals);
      const name = own?.individual ?? this.individuals[place] ?? null;
      n += session.editor.fill(proposalFor(camera, solved, name), 'the other views');
    }
    this.say(n > 0 ? `${n} points proposed from the other views` : 'Place a part in two views first');
    return n;
  }

  /** Everything proposed is right, in every view. */
  acceptAll(): void {
    for (const { session } of this.shown()) session.editor.acceptAll();
    this.say('Accepted in all views');
  }

  /** The part that the next click in a view is about. */
  partOf({ session }: DeskView): number | null {
    const { state } = session.editor;
    return targetOf(state)?.keypoint ?? state.keypoint ?? state.touched?.keypoint ?? null;
  }

  get hasUnsaved(): boolean {
    return this.views.some(({ session }) => session.hasUnsaved);
  }

  say(notice: string): void {
    this.set({ notice });
  }

  /** The views that have a picture of this moment. */
  shown(): readonly DeskView[] {
    return this.views.filter(
      ({ session, timing }) => videoFrame(timing, this.value.frame) === session.state.place?.frame,
    );
  }

  private solveAgain(): void {
    const labelled: LabelledView[] = this.shown().map(({ camera, session }) => ({
      camera,
      labels: session.editor.state.labels,
    }));
    const solved = solve(labelled, this.value.place, this.individuals, this.keypoints.length);
    this.set({ solved, changes: this.value.changes + 1 });
  }

  private set(part: Partial<DeskState>): void {
    this.value = { ...this.value, ...part };
    for (const listener of this.listeners) listener();
  }
}
