/**
 * The state of the label page and everything that changes it, without any framework.
 *
 * The state is one immutable value; whoever draws it subscribes. Every change of labels is a command, so it can be
 * undone, and is reported to the host, which saves it.
 */

import { applyEdits, type Command, type Edit, inverted } from './commands';
import { Documents } from './documents';
import { candidatesOf, type EditorState, labelsWithDraft, NOTHING, selectedOf, targetOf } from './editorState';
import { boundsOf, distance, type ScreenPoint, type Size, screenPoint } from './geometry';
import { beginGesture, dragEdits, type Gesture, type Modifiers, moveGesture, nearestPoint } from './gestures';
import { History } from './history';
import { grabbed, type PointRef } from './hitTest';
import {
  boundsOfFrame,
  emptyInstance,
  type FrameLabels,
  findInstance,
  type Instance,
  isEmpty,
  NO_LABELS,
  nextMissing,
  positionsOf,
  type Skeleton,
} from './labels';
import type { Conflict } from './merge';
import * as operations from './operations';
import { slotsOf } from './slots';
import { nextView, panBy, resized, toImage, type View, type ViewRule, zoomAt } from './view';

export interface EditorHost {
  /** The labels of a frame changed: save them. */
  readonly onChange: (frame: string) => void;
  /** Something was done, in words, for the live region. */
  readonly onAnnounce?: (words: string) => void;
  /** One part is labelled through all frames: go on to the next frame. */
  readonly onAdvanceFrame?: () => void;
}

/** Tab's choice holds until the pointer has gone this far. */
const TURN_HOLDS_PX = 24;

export class Editor {
  readonly documents = new Documents();
  /** What happens to the view when the frame changes. */
  viewRule: ViewRule = 'animal';
  /** After a click comes the same part of the next frame, not the next part of this one. */
  isLoop = false;

  private readonly history: History;
  private readonly listeners = new Set<() => void>();
  private turnedAt: ScreenPoint = screenPoint(0, 0);
  /** What was undone or redone in a frame that is not shown yet. */
  private unseen: { readonly frame: string; readonly edits: readonly Edit[] } | null = null;
  private value: EditorState = NOTHING;

  constructor(
    readonly skeleton: Skeleton,
    /** The names of the animals that are told apart; empty where they are not. */
    readonly individuals: readonly string[],
    private readonly host: EditorHost,
    now?: () => number,
  ) {
    this.history = new History(now);
  }

  get state(): EditorState {
    return this.value;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Show a frame, whose labels `documents` has received; `animal` are labels that say where to look if it has none. */
  open(frame: string, image: Size, animal: FrameLabels = NO_LABELS): void {
    const labels = this.documents.labels(frame);
    const box = boundsOfFrame(labels) ?? boundsOfFrame(animal);
    const { canvas, keypoint } = this.value;
    const isOtherImage = image.width !== this.value.image.width || image.height !== this.value.image.height;
    const view = nextView(this.viewRule, isOtherImage ? null : this.value.view, box, image, canvas);
    this.set({ frame, image, view, gesture: null, touched: null, turn: 0, isChosen: false });
    this.refresh();
    const wanted = this.isLoop ? keypoint : null;
    this.activate(this.firstIncomplete(labels) ?? labels.instances[0] ?? this.draft(), wanted);
    if (this.unseen?.frame === frame) this.followEdits(this.unseen.edits);
    this.unseen = null;
  }

  /** The canvas has another size. */
  resize(canvas: Size): void {
    const { view, frame } = this.value;
    if (view === null && frame !== null) {
      this.set({
        canvas,
        view: nextView(this.viewRule, null, boundsOfFrame(this.value.labels), this.value.image, canvas),
      });
    } else {
      this.set({ canvas, view: view && resized(view, this.value.canvas, canvas) });
    }
  }

  /** Points came after the frame was opened: follow the rule again. */
  lookAgain(): void {
    const { labels, image, canvas, view } = this.value;
    this.set({ view: nextView(this.viewRule, view, boundsOfFrame(labels), image, canvas) });
  }

  /** The labels of the shown frame changed from outside: a merge, or a prefill that arrived. */
  refresh(): void {
    const { frame, instance } = this.value;
    if (frame === null) return;
    const labels = this.documents.labels(frame);
    const active = instance && (findInstance(labels, instance.id) ?? instance);
    this.set({
      labels,
      instance: active,
      conflicts: this.documents.conflicts(frame),
      canUndo: this.history.canUndo,
      canRedo: this.history.canRedo,
    });
  }

  /** Turn to the next candidate; false where there is no other. */
  turnTarget(): boolean {
    if (!this.value.pointer || candidatesOf(this.value).length < 2) return false;
    this.turnedAt = this.value.pointer;
    this.set({ turn: this.value.turn + 1 });
    return true;
  }

  // The pointer ----------------------------------------------------------------------------------------------------

  press(at: ScreenPoint, modifiers: Modifiers, isMiddleButton = false): void {
    const { view, labels, instance } = this.value;
    if (!view) return;
    const active = instance?.id ?? null;
    const hit = grabbed(labels, view, at, active);
    const nearest = nearestPoint(labels, view, at, active);
    this.set({ pointer: at, gesture: beginGesture(at, modifiers, hit, nearest, isMiddleButton) });
  }

  hover(at: ScreenPoint | null): void {
    const { gesture, view, pointer } = this.value;
    const turn = at && distance(at, this.turnedAt) > TURN_HOLDS_PX ? 0 : this.value.turn;
    if (!gesture || !at || !view) {
      this.set({ pointer: at, turn });
      return;
    }
    const moved = moveGesture(gesture, at);
    if (moved.kind === 'pan' && moved.isDrag) {
      const from = gesture.isDrag ? (pointer ?? gesture.last) : gesture.start;
      const panned = panBy(view, at.x - from.x, at.y - from.y, this.value.image, this.value.canvas);
      this.set({ gesture: moved, pointer: at, view: panned });
    } else {
      const edits = dragEdits(moved, this.saved(), view, this.value.image, this.skeleton);
      this.set({ gesture: moved, pointer: at, turn, labels: applyEdits(this.saved(), edits) });
    }
  }

  release(at: ScreenPoint): void {
    const { gesture, view } = this.value;
    if (!gesture || !view) return;
    const last = moveGesture(gesture, at);
    this.set({ gesture: null, pointer: at, labels: this.saved() });
    if (last.isDrag) this.finishDrag(last, view);
    else if (last.kind !== 'instance') this.placeAtPointer(last.modifiers.shift);
  }

  /** Give up the drag that is going on. */
  cancelGesture(): boolean {
    if (!this.value.gesture) return false;
    this.set({ gesture: null, labels: this.saved() });
    return true;
  }

  zoom(anchor: ScreenPoint, factor: number): void {
    const { view, image, canvas } = this.value;
    if (view) this.set({ view: zoomAt(view, anchor, factor, image, canvas) });
  }

  /** Show the animal or the whole image now, whatever the rule says. */
  lookAt(what: 'animal' | 'image'): void {
    const { labels, instance, image, canvas } = this.value;
    const own = instance ? boundsOf(positionsOf(instance)) : null;
    const box = what === 'animal' ? (own ?? boundsOfFrame(labels)) : null;
    this.set({ view: nextView(box ? 'animal' : 'fit', null, box, image, canvas) });
  }

  // Labels ---------------------------------------------------------------------------------------------------------

  /** Do what a click at the pointer does. Without a pointer, the middle of the canvas counts. */
  placeAtPointer(occluded = false): boolean {
    const { view, canvas, image } = this.value;
    const target = targetOf(this.value);
    if (!view || !target) return false;
    const at = toImage(view, this.value.pointer ?? screenPoint(canvas.width / 2, canvas.height / 2));
    const edits = operations.placePoint(labelsWithDraft(this.value), target, at, image, occluded);
    this.change(`${target.kind === 'place' ? 'Place' : 'Move'} ${this.nameOf(target)}`, edits, target);
    if (target.kind === 'place') this.advance(target.keypoint);
    else this.set({ turn: 0 });
    return true;
  }

  /** The part is not in the image. */
  markAbsent(): void {
    const target = targetOf(this.value) ?? this.value.touched;
    if (!target) return;
    this.change(`${this.nameOf(target)} is absent`, operations.markAbsent(labelsWithDraft(this.value), target), null);
    if (this.value.keypoint === target.keypoint) this.advance(target.keypoint);
  }

  toggleOccluded(at?: ScreenPoint): void {
    const { view, labels, instance } = this.value;
    const ref = at && view ? grabbed(labels, view, at, instance?.id ?? null) : selectedOf(this.value);
    if (!ref) return;
    this.change(`Occluded or visible: ${this.nameOf(ref)}`, operations.toggleOccluded(labels, ref), ref);
  }

  nudge(dx: number, dy: number): void {
    const ref = selectedOf(this.value);
    if (!ref) return;
    const edits = operations.nudgePoint(this.value.labels, ref, dx, dy, this.value.image);
    this.change(`Nudge ${this.nameOf(ref)}`, edits, ref, `nudge ${ref.instance} ${ref.keypoint}`);
  }

  clearPoint(): void {
    const ref = selectedOf(this.value);
    if (!ref) return;
    this.change(`Remove ${this.nameOf(ref)}`, operations.clearPoint(this.value.labels, ref), null);
    this.choosePart(ref.keypoint);
  }

  /** Everything proposed in this frame is right. */
  acceptAll(): void {
    this.change('Accept the proposed points', operations.acceptAll(this.value.labels), null);
  }

  swapSides(): void {
    const { instance, labels } = this.value;
    if (instance) this.change('Swap left and right', operations.swapSides(labels, instance.id, this.skeleton), null);
  }

  rotate(radians: number): void {
    const { instance, labels } = this.value;
    if (!instance) return;
    const edits = operations.rotateInstance(labels, instance.id, radians);
    this.change('Turn the animal', edits, null, `rotate ${instance.id}`);
  }

  removeInstance(): void {
    const { instance, labels } = this.value;
    if (!instance) return;
    this.change('Remove the animal', operations.removeInstance(labels, instance.id), null);
    const left = this.value.labels.instances[0];
    this.activate(left ?? this.draft(), null);
  }

  /** Fill what is missing from elsewhere; returns how many points came. */
  fill(source: FrameLabels, from: string): number {
    const before = this.value.labels;
    const edits = operations.fillMissing(before, source, this.documents.newId);
    const count = edits.reduce((n, edit) => n + (edit.kind === 'add' ? positionsOf(edit.instance).length : 1), 0);
    this.change(`Fill from ${from}`, edits, null);
    const { labels, instance } = this.value;
    // An animal that was chosen and had no point yet may be one of those that came.
    const isOwn = ({ id, individual }: Instance) =>
      id === instance?.id || (individual === instance?.individual && !findInstance(before, id));
    const first = before.instances.length === 0 ? labels.instances[0] : undefined;
    this.activate(labels.instances.find(isOwn) ?? first ?? instance ?? this.draft(), null);
    return count;
  }

  /** There is no animal in this frame. */
  toggleNoAnimal(): void {
    const { noAnimal } = this.value.labels;
    const words = noAnimal ? 'There may be an animal' : 'No animal in this frame';
    this.change(words, operations.toggleNoAnimal(this.value.labels), null);
    this.activate(this.draft(), null);
  }

  resolveConflict(conflict: Conflict, whose: 'mine' | 'theirs'): void {
    const { frame } = this.value;
    if (frame === null) return;
    if (whose === 'mine') {
      this.change(`Use my ${this.nameOf(conflict)}`, this.documents.editsForMine(frame, conflict), conflict);
    } else {
      this.documents.acceptTheirs(frame, conflict);
      this.refresh();
    }
  }

  // What is active -------------------------------------------------------------------------------------------------

  choosePart(keypoint: number): void {
    const n = this.skeleton.keypoints.length;
    this.set({ keypoint: (keypoint + n) % n, isChosen: true, turn: 0 });
    this.announce(`${this.skeleton.keypoints[this.value.keypoint ?? 0]}`);
  }

  /** Go through the parts, placed or not. */
  stepPart(step: number): void {
    const { keypoint, touched } = this.value;
    this.choosePart((keypoint ?? touched?.keypoint ?? (step > 0 ? -1 : 0)) + step);
  }

  /** No part is active: clicks refine. */
  deselectPart(): void {
    this.set({ keypoint: null, isChosen: false, turn: 0 });
  }

  /** The animal with this number, counted from 0; one that is not there yet begins with its first point. */
  chooseInstance(place: number): void {
    const slots = slotsOf(this.value.labels, this.individuals);
    const at = Math.min(Math.max(place, 0), slots.length - 1);
    const { name, instance } = slots[at] ?? { name: null, instance: null };
    this.activate(instance ?? this.draft(name), null);
    this.announce(name ?? `Animal ${at + 1}`);
  }

  /** The active animal is this individual; an animal that had the name gets the other one's. */
  nameInstance(name: string | null): void {
    const { instance, labels } = this.value;
    if (!instance) return;
    this.change(
      name === null ? 'Take the name away' : `This is ${name}`,
      operations.nameInstance(labels, instance.id, name),
      null,
    );
  }

  /** The active animal is the next individual of the project. */
  nameNext(): void {
    const { instance } = this.value;
    const at = instance?.individual == null ? -1 : this.individuals.indexOf(instance.individual);
    const next = this.individuals[(at + 1) % Math.max(this.individuals.length, 1)];
    if (next === undefined) this.announce('The individuals of this project have no names yet');
    else this.nameInstance(next);
  }

  // Undo -----------------------------------------------------------------------------------------------------------

  /** Take the last command back; returns the frame it was in, which should be shown. */
  undo(): string | null {
    const command = this.history.undo();
    if (command) this.replay(command.frame, inverted(command.edits), `Undone: ${command.label}`);
    return command?.frame ?? null;
  }

  redo(): string | null {
    const command = this.history.redo();
    if (command) this.replay(command.frame, command.edits, `Done again: ${command.label}`);
    return command?.frame ?? null;
  }

  private replay(frame: string, edits: readonly Edit[], words: string): void {
    this.documents.apply(frame, edits);
    this.host.onChange(frame);
    this.refresh();
    if (frame === this.value.frame) this.followEdits(edits);
    else this.unseen = { frame, edits };
    this.announce(words);
  }

  /** After an undo, the animal that came back or changed is active, and its part that came free is the next to place. */
  private followEdits(edits: readonly Edit[]): void {
    const { labels, instance } = this.value;
    const isActive = (id: string) => id === instance?.id;
    const touched = edits.flatMap(animalOf).filter((id) => findInstance(labels, id) !== undefined);
    const id = touched.find(isActive) ?? touched[0] ?? instance?.id;
    // An animal whose only point was taken back waits for its first point again.
    const begun = edits.flatMap((edit) => (edit.kind === 'remove' && isEmpty(edit.instance) ? [edit.instance] : []));
    const next =
      (touched.length === 0 ? begun[0] : undefined) ??
      (id === undefined ? undefined : findInstance(labels, id)) ??
      labels.instances[0] ??
      this.draft();
    const point = edits.find((edit) => edit.kind === 'point' && edit.instance === next.id);
    const isFree = point?.kind === 'point' && point.after.visibility === 'unlabeled';
    this.activate(next, isFree ? point.keypoint : null);
  }

  // Inside ---------------------------------------------------------------------------------------------------------

  private change(label: string, edits: readonly Edit[], touched: PointRef | null, joins?: string): void {
    const { frame } = this.value;
    if (frame === null || edits.length === 0) return;
    const all = this.withDraftAdded(edits);
    const command: Command = { label, frame, edits: all, ...(joins === undefined ? {} : { joins }) };
    this.documents.apply(frame, all);
    this.history.push(command);
    this.set({ touched: touched && { instance: touched.instance, keypoint: touched.keypoint } });
    this.refresh();
    this.host.onChange(frame);
    this.announce(label);
  }

  private finishDrag(gesture: Gesture, view: View): void {
    const edits = dragEdits(gesture, this.saved(), view, this.value.image, this.skeleton);
    const label =
      gesture.kind === 'instance' ? 'Move the animal' : `Move ${gesture.hit ? this.nameOf(gesture.hit) : ''}`;
    this.change(label, edits, gesture.hit);
  }

  private advance(from: number): void {
    if (this.isLoop) {
      this.host.onAdvanceFrame?.();
      return;
    }
    const { instance } = this.value;
    this.set({ keypoint: instance && nextMissing(instance, from), isChosen: false, turn: 0 });
  }

  private activate(instance: Instance, keypoint: number | null): void {
    this.set({
      instance,
      keypoint: keypoint ?? nextMissing(instance, -1),
      isChosen: keypoint !== null,
      touched: null,
      turn: 0,
    });
  }

  /** The labels of the shown frame without the drag that is going on. */
  private saved(): FrameLabels {
    return this.value.frame === null ? NO_LABELS : this.documents.labels(this.value.frame);
  }

  private withDraftAdded(edits: readonly Edit[]): readonly Edit[] {
    const { instance } = this.value;
    const labels = this.saved();
    const isForDraft = (edit: Edit) => edit.kind === 'point' && edit.instance === instance?.id;
    if (!instance || findInstance(labels, instance.id) || !edits.some(isForDraft)) return edits;
    const seen: Edit[] = labels.noAnimal ? [{ kind: 'no-animal', before: true, after: false }] : [];
    return [...seen, { kind: 'add', instance, at: labels.instances.length }, ...edits];
  }

  private draft(name: string | null = this.individuals[0] ?? null): Instance {
    return emptyInstance(this.documents.newId(), this.skeleton.keypoints.length, name);
  }

  private firstIncomplete(labels: FrameLabels): Instance | undefined {
    return labels.instances.find((instance) => nextMissing(instance, -1) !== null);
  }

  private nameOf(ref: PointRef): string {
    return this.skeleton.keypoints[ref.keypoint] ?? '';
  }

  private announce(words: string): void {
    this.host.onAnnounce?.(words);
  }

  private set(part: Partial<EditorState>): void {
    this.value = { ...this.value, ...part };
    for (const listener of this.listeners) listener();
  }
}

/** The animal that an edit is about. */
function animalOf(edit: Edit): readonly string[] {
  switch (edit.kind) {
    case 'no-animal':
      return [];
    case 'add':
    case 'remove':
      return [edit.instance.id];
    case 'name':
    case 'point':
      return [edit.instance];
  }
}
