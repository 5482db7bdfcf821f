/** What the label page shows at one moment, and what follows from it. */

import type { ScreenPoint, Size } from './geometry';
import type { Gesture } from './gestures';
import { type PointRef, pointsByDistance, sameRef } from './hitTest';
import { type FrameLabels, findInstance, type Instance, isMissing, isUnconfirmed, NO_LABELS } from './labels';
import type { Conflict } from './merge';
import type { View } from './view';

export interface EditorState {
  /** The frame that is shown, or null before the first. */
  readonly frame: string | null;
  /** The labels with the drag that is going on. */
  readonly labels: FrameLabels;
  readonly image: Size;
  readonly canvas: Size;
  readonly view: View | null;
  /** The animal that clicks go to; it may be one that has no point yet. */
  readonly instance: Instance | null;
  /** The part that the next click places, or null when none is missing and none was chosen. */
  readonly keypoint: number | null;
  /** The person chose that part; the next click moves it even if it is placed already. */
  readonly isChosen: boolean;
  /** The point that was set last: what nudging moves when the active part has no position. */
  readonly touched: PointRef | null;
  readonly pointer: ScreenPoint | null;
  /** How often Tab turned from the nearest candidate to the next. */
  readonly turn: number;
  readonly gesture: Gesture | null;
  readonly conflicts: readonly Conflict[];
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

/** What a click at the pointer would do. */
export interface Target extends PointRef {
  readonly kind: 'place' | 'refine';
}

export const NOTHING: EditorState = {
  frame: null,
  labels: NO_LABELS,
  image: { width: 1, height: 1 },
  canvas: { width: 1, height: 1 },
  view: null,
  instance: null,
  keypoint: null,
  isChosen: false,
  touched: null,
  pointer: null,
  turn: 0,
  gesture: null,
  conflicts: [],
  canUndo: false,
  canRedo: false,
};

/** Everything a click at the pointer could do, the likeliest first; Tab goes through them. */
export function candidatesOf(state: EditorState): Target[] {
  const { instance, keypoint, view, pointer, labels } = state;
  if (!instance || !view) return [];
  const active = keypoint === null ? undefined : instance.points[keypoint];
  const isPlacing = keypoint !== null && active !== undefined && (isMissing(active) || state.isChosen);
  const placing: Target[] = isPlacing ? [{ kind: 'place', instance: instance.id, keypoint }] : [];
  if (!pointer) return placing;
  const unconfirmed = pointsByDistance(labels, view, pointer, instance.id, isUnconfirmed)
    .filter((hit) => !placing.some((place) => sameRef(place, hit)))
    // The active animal's own points come first, so that animals side by side do not mix.
    .sort((a, b) => Number(b.instance === instance.id) - Number(a.instance === instance.id));
  return [...placing, ...unconfirmed.map((hit): Target => ({ ...hit, kind: 'refine' }))];
}

/** What a click at the pointer does, or null for nothing. */
export function targetOf(state: EditorState): Target | null {
  const candidates = candidatesOf(state);
  return candidates[state.turn % Math.max(candidates.length, 1)] ?? null;
}

/** What nudging and the like work on: the chosen part if it is placed, else the point set last. */
export function selectedOf(state: EditorState): PointRef | null {
  const { instance, keypoint, touched } = state;
  const hasPosition = instance && keypoint !== null && instance.points[keypoint]?.position;
  return hasPosition ? { instance: instance.id, keypoint } : touched;
}

/** The labels with the active animal even if it has no point yet. */
export function labelsWithDraft({ labels, instance }: EditorState): FrameLabels {
  if (!instance || findInstance(labels, instance.id)) return labels;
  return { ...labels, instances: [...labels.instances, instance] };
}
