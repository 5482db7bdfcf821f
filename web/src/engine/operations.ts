/** What a person can do to a frame, each as a pure function from labels to edits; an empty list says that nothing changes. */

import { type Edit, pointEdits } from './commands';
import { boundsOf, centroid, clampToImage, type ImagePoint, imagePoint, rotateAround, type Size } from './geometry';
import type { PointRef } from './hitTest';
import {
  ABSENT,
  accepted,
  emptyInstance,
  type FrameLabels,
  findInstance,
  type Instance,
  isEmpty,
  isMissing,
  isUnconfirmed,
  type LabelPoint,
  movedTo,
  placed,
  positionsOf,
  proposed,
  rounded,
  type Skeleton,
  samePoint,
  UNLABELED,
} from './labels';

/** Place the point, wherever and whatever it was before. */
export function placePoint(labels: FrameLabels, ref: PointRef, at: ImagePoint, image: Size, occluded = false): Edit[] {
  return setPoint(labels, ref, placed(rounded(clampToImage(at, image)), occluded ? 'occluded' : 'visible'));
}

/** Move a point that has a position; an occluded one stays occluded. */
export function movePoint(labels: FrameLabels, ref: PointRef, to: ImagePoint, image: Size): Edit[] {
  const point = pointAt(labels, ref);
  return point?.position ? setPoint(labels, ref, movedTo(point, rounded(clampToImage(to, image)))) : [];
}

export function nudgePoint(labels: FrameLabels, ref: PointRef, dx: number, dy: number, image: Size): Edit[] {
  const position = pointAt(labels, ref)?.position;
  return position ? movePoint(labels, ref, imagePoint(position.x + dx, position.y + dy), image) : [];
}

export function markAbsent(labels: FrameLabels, ref: PointRef): Edit[] {
  return setPoint(labels, ref, ABSENT);
}

export function clearPoint(labels: FrameLabels, ref: PointRef): Edit[] {
  return setPoint(labels, ref, UNLABELED);
}

/** Occluded becomes visible and the reverse; saying so confirms where the point is. */
export function toggleOccluded(labels: FrameLabels, ref: PointRef): Edit[] {
  const point = pointAt(labels, ref);
  if (!point?.position) return [];
  const visibility = point.visibility === 'occluded' ? 'visible' : 'occluded';
  return setPoint(labels, ref, { ...accepted(point), visibility });
}

/** Accept everything that is proposed: what Space does. */
export function acceptAll(labels: FrameLabels): Edit[] {
  return labels.instances.flatMap((instance) => changePoints(instance, accepted));
}

export function acceptPoint(labels: FrameLabels, ref: PointRef): Edit[] {
  const point = pointAt(labels, ref);
  return point ? setPoint(labels, ref, accepted(point)) : [];
}

/** Exchange the left and the right of an instance. */
export function swapSides(labels: FrameLabels, id: string, skeleton: Skeleton): Edit[] {
  const instance = findInstance(labels, id);
  if (!instance) return [];
  const points = [...instance.points];
  for (const [left, right] of skeleton.symmetries) {
    const [a, b] = [points[left], points[right]];
    if (a && b) [points[left], points[right]] = [b, a];
  }
  return pointEdits(instance, { ...instance, points });
}

/** Move the given points of an instance together. */
export function movePoints(
  labels: FrameLabels,
  id: string,
  keypoints: readonly number[],
  dx: number,
  dy: number,
): Edit[] {
  const instance = findInstance(labels, id);
  if (!instance) return [];
  return changePoints(instance, (point, keypoint) =>
    point.position && keypoints.includes(keypoint)
      ? movedTo(point, rounded(imagePoint(point.position.x + dx, point.position.y + dy)))
      : point,
  );
}

/** Move the whole animal. */
export function moveInstance(labels: FrameLabels, id: string, dx: number, dy: number): Edit[] {
  const instance = findInstance(labels, id);
  return instance ? movePoints(labels, id, [...instance.points.keys()], dx, dy) : [];
}

/** Turn the whole animal around the mean of its points. */
export function rotateInstance(labels: FrameLabels, id: string, radians: number): Edit[] {
  const instance = findInstance(labels, id);
  const centre = instance ? centroid(positionsOf(instance)) : null;
  if (!instance || !centre) return [];
  return changePoints(instance, (point) =>
    point.position ? movedTo(point, rounded(rotateAround(point.position, centre, radians))) : point,
  );
}

export function addInstance(labels: FrameLabels, instance: Instance): Edit[] {
  return [{ kind: 'add', instance, at: labels.instances.length }];
}

export function removeInstance(labels: FrameLabels, id: string): Edit[] {
  const at = labels.instances.findIndex((instance) => instance.id === id);
  const instance = labels.instances[at];
  return instance ? [{ kind: 'remove', instance, at }] : [];
}

/** A person sees no animal in this frame, or takes that back. */
export function toggleNoAnimal(labels: FrameLabels): Edit[] {
  const after = !labels.noAnimal;
  const emptied = after ? labels.instances.flatMap((instance) => removeInstance(labels, instance.id)) : [];
  // Taking them away from the last to the first keeps every place right when it is undone.
  return [...emptied.reverse(), { kind: 'no-animal', before: labels.noAnimal, after }];
}

/** Name an animal; one that had the name already gets the other one's, for a name is borne once in a frame. */
export function nameInstance(labels: FrameLabels, id: string, individual: string | null): Edit[] {
  const instance = findInstance(labels, id);
  if (!instance || instance.individual === individual) return [];
  const before = instance.individual;
  const bearer = individual === null ? undefined : labels.instances.find((other) => other.individual === individual);
  return [
    ...(bearer ? [{ kind: 'name', instance: bearer.id, before: individual, after: before } as const] : []),
    { kind: 'name', instance: id, before, after: individual },
  ];
}

/**
 * Fill from `source` what is missing or only proposed; nothing that a person said is touched, and all of it stays
 * unconfirmed.
 *
 * Animals correspond by name, those without a name by their order. `newId` names the ones this frame lacks.
 */
export function fillMissing(labels: FrameLabels, source: FrameLabels, newId: () => string): Edit[] {
  const pairs = pairForFilling(labels, source);
  let at = labels.instances.length;
  return pairs.flatMap(({ from, to }): Edit[] => {
    const target = to ?? emptyInstance(newId(), from.points.length, from.individual);
    const points = target.points.map((point, keypoint) => proposal(point, from.points[keypoint]));
    if (points.every((point, keypoint) => point === target.points[keypoint])) return [];
    if (to) return pointEdits(to, { ...to, points });
    at += 1;
    return [{ kind: 'add', instance: { ...target, points }, at: at - 1 }];
  });
}

/** The middle of the animals of a frame and how large they are: where a copied animal is dropped. */
export function extentOf(instance: Instance): { centre: ImagePoint; size: number } | null {
  const positions = positionsOf(instance);
  const [centre, box] = [centroid(positions), boundsOf(positions)];
  if (!centre || !box) return null;
  return { centre, size: Math.hypot(box.right - box.left, box.bottom - box.top) };
}

export function pointAt(labels: FrameLabels, ref: PointRef): LabelPoint | undefined {
  return findInstance(labels, ref.instance)?.points[ref.keypoint];
}

function proposal(point: LabelPoint, from: LabelPoint | undefined): LabelPoint {
  if (!(isMissing(point) || isUnconfirmed(point)) || !from?.position) return point;
  const next = { ...proposed(from.position, from.confidence), visibility: from.visibility };
  return samePoint(point, next) ? point : next;
}

function pairForFilling(labels: FrameLabels, source: FrameLabels): { from: Instance; to: Instance | null }[] {
  const unnamed = labels.instances.filter((instance) => instance.individual === null);
  return source.instances
    .filter((instance) => !isEmpty(instance))
    .map((from) => {
      const named = labels.instances.find(
        (instance) => from.individual !== null && instance.individual === from.individual,
      );
      return { from, to: named ?? (from.individual === null ? unnamed.shift() : undefined) ?? null };
    });
}

function setPoint(labels: FrameLabels, ref: PointRef, after: LabelPoint): Edit[] {
  const before = pointAt(labels, ref);
  if (!before || samePoint(before, after)) return [];
  return [{ kind: 'point', instance: ref.instance, keypoint: ref.keypoint, before, after }];
}

function changePoints(instance: Instance, change: (point: LabelPoint, keypoint: number) => LabelPoint): Edit[] {
  return pointEdits(instance, { ...instance, points: instance.points.map(change) });
}
