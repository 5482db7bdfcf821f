/** The labels of one frame, as plain immutable values. The words are those of the Python data model. */

import { type Box, boundsOf, type ImagePoint, imagePoint } from './geometry';

export type Visibility = 'unlabeled' | 'absent' | 'occluded' | 'visible';

/** Who placed a point: a person; a model, and a person accepted it; or a model alone, which is never ground truth. */
export type Origin = 'person' | 'accepted' | 'model';

export interface LabelPoint {
  readonly visibility: Visibility;
  readonly origin: Origin;
  /** Image pixels; null exactly where the point is unlabeled or absent. */
  readonly position: ImagePoint | null;
  /** How sure the model was, in [0, 1]; null where a person placed the point or nothing is known. */
  readonly confidence: number | null;
}

export interface Instance {
  /** Names the animal within this frame while the page is open. */
  readonly id: string;
  /** The name of the real animal, or null where it is not known. */
  readonly individual: string | null;
  /** One for each keypoint of the skeleton, in its order. */
  readonly points: readonly LabelPoint[];
}

export interface FrameLabels {
  readonly instances: readonly Instance[];
  /** A person saw no animal; it says nothing beside instances. */
  readonly noAnimal: boolean;
}

export interface Skeleton {
  readonly keypoints: readonly string[];
  /** Pairs of keypoint numbers that are drawn joined. */
  readonly edges: readonly (readonly [number, number])[];
  /** Pairs (left, right) of keypoint numbers. */
  readonly symmetries: readonly (readonly [number, number])[];
}

export const UNLABELED: LabelPoint = { visibility: 'unlabeled', origin: 'person', position: null, confidence: null };
export const ABSENT: LabelPoint = { ...UNLABELED, visibility: 'absent' };
export const NO_LABELS: FrameLabels = { instances: [], noAnimal: false };

export function placed(position: ImagePoint, visibility: 'visible' | 'occluded' = 'visible'): LabelPoint {
  return { visibility, origin: 'person', position, confidence: null };
}

/** A point that something other than a person proposes. */
export function proposed(position: ImagePoint, confidence: number | null = null): LabelPoint {
  return { visibility: 'visible', origin: 'model', position, confidence };
}

export function emptyInstance(id: string, nKeypoints: number, individual: string | null = null): Instance {
  return { id, individual, points: Array.from({ length: nKeypoints }, () => UNLABELED) };
}

export const isMissing = (point: LabelPoint): boolean => point.visibility === 'unlabeled';
export const isUnconfirmed = (point: LabelPoint): boolean => point.origin === 'model' && !isMissing(point);

/** The same point, but a person stands behind it. */
export function accepted(point: LabelPoint): LabelPoint {
  return isUnconfirmed(point) ? { ...point, origin: 'accepted' } : point;
}

/** The same point at another place; moving is a person's statement, so it is confirmed. */
export function movedTo(point: LabelPoint, position: ImagePoint): LabelPoint {
  return placed(position, point.visibility === 'occluded' ? 'occluded' : 'visible');
}

export function findInstance(labels: FrameLabels, id: string): Instance | undefined {
  return labels.instances.find((instance) => instance.id === id);
}

export function positionsOf(instance: Instance): ImagePoint[] {
  return instance.points.flatMap((point) => (point.position ? [point.position] : []));
}

export function isEmpty(instance: Instance): boolean {
  return instance.points.every(isMissing);
}

/** The box around every point of the frame, or null where there is none. */
export function boundsOfFrame(labels: FrameLabels): Box | null {
  return boundsOf(labels.instances.flatMap(positionsOf));
}

/** The first missing keypoint after `from`, going round once; null where none is missing. */
export function nextMissing(instance: Instance, from: number): number | null {
  const n = instance.points.length;
  for (let step = 1; step <= n; step += 1) {
    const keypoint = (from + step + n) % n;
    const point = instance.points[keypoint];
    if (point && isMissing(point)) return keypoint;
  }
  return null;
}

export type FrameState = 'unlabeled' | 'unconfirmed' | 'partial' | 'labeled';

/** How far the frame is: a frame with anything unconfirmed waits for a person before all else. */
export function stateOf(labels: FrameLabels): FrameState {
  const points = labels.instances.flatMap((instance) => instance.points);
  if (labels.noAnimal && labels.instances.length === 0) return 'labeled';
  if (points.every(isMissing)) return 'unlabeled';
  if (points.some(isUnconfirmed)) return 'unconfirmed';
  return points.some(isMissing) ? 'partial' : 'labeled';
}

export function samePoint(a: LabelPoint, b: LabelPoint): boolean {
  return (
    a.visibility === b.visibility &&
    a.origin === b.origin &&
    a.position?.x === b.position?.x &&
    a.position?.y === b.position?.y
  );
}

/** Rounded to a hundredth of a pixel: finer than anyone sees, and what is kept on disk reads well. */
export function rounded(point: ImagePoint): ImagePoint {
  return imagePoint(Math.round(point.x * 100) / 100, Math.round(point.y * 100) / 100);
}
