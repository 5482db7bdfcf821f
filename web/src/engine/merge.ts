/**
 * Two people's changes to the same frame, put together point by point.
 *
 * What only one of them changed is taken. Where both changed the same point differently, what is saved already
 * stays and the other version is handed back as a conflict, for a person to decide: nobody's work is
 * overwritten in silence.
 */

import { distance } from './geometry';
import { type FrameLabels, type Instance, isEmpty, isMissing, type LabelPoint, samePoint, UNLABELED } from './labels';
import { extentOf } from './operations';

export interface Conflict {
  readonly instance: string;
  readonly keypoint: number;
  readonly mine: LabelPoint;
  readonly theirs: LabelPoint;
}

export interface Merge {
  readonly labels: FrameLabels;
  readonly conflicts: readonly Conflict[];
}

/**
 * Merge two descendants of `base`.
 *
 * Instances are recognised by their ids in all three: see `withIdsOf` for labels that came over the network.
 */
export function mergeFrames(base: FrameLabels, mine: FrameLabels, theirs: FrameLabels): Merge {
  const conflicts: Conflict[] = [];
  const instances: Instance[] = [];
  for (const id of new Set([...theirs.instances, ...mine.instances].map((instance) => instance.id))) {
    const [was, my, their] = [base, mine, theirs].map((labels) => labels.instances.find((item) => item.id === id));
    if (my && their) instances.push(mergeInstances(was, my, their, conflicts));
    else if (my && !(was && isUnchanged(was, my))) instances.push(my);
    else if (their && !(was && isUnchanged(was, their))) instances.push(their);
  }
  // Whoever changed it is right; both can only have changed it to the same.
  const noAnimal = mine.noAnimal === base.noAnimal ? theirs.noAnimal : mine.noAnimal;
  return { labels: { instances: withoutTwins(instances), noAnimal }, conflicts };
}

/**
 * `labels` with the ids of the same animals in `known`.
 *
 * Animals are the same that bear the same name; those without one, that share the most points, or else lie
 * nearest. The others get ids from `newId`.
 */
export function withIdsOf(known: FrameLabels, labels: FrameLabels, newId: () => string): FrameLabels {
  const ids = new Map<Instance, string>();
  const free = new Set(known.instances);
  for (const { from, to } of likelyPairs(known, labels)) {
    if (ids.has(from) || !free.has(to)) continue;
    ids.set(from, to.id);
    free.delete(to);
  }
  const instances = labels.instances.map((instance) => ({ ...instance, id: ids.get(instance) ?? newId() }));
  return { ...labels, instances };
}

function mergeInstances(was: Instance | undefined, my: Instance, their: Instance, conflicts: Conflict[]): Instance {
  const points = their.points.map((theirs, keypoint) => {
    const mine = my.points[keypoint] ?? theirs;
    // An animal that was not there before had no points.
    const before = was?.points[keypoint] ?? UNLABELED;
    if (samePoint(mine, theirs) || isUntouched(mine, before)) return theirs;
    if (isUntouched(theirs, before)) return mine;
    conflicts.push({ instance: my.id, keypoint, mine, theirs });
    return theirs;
  });
  const individual = my.individual === (was?.individual ?? null) ? their.individual : my.individual;
  return { ...their, individual, points };
}

function isUntouched(point: LabelPoint, before: LabelPoint): boolean {
  return samePoint(point, before) || (isMissing(point) && isMissing(before));
}

function isUnchanged(before: Instance, after: Instance): boolean {
  return (
    before.individual === after.individual &&
    before.points.every((point, keypoint) => {
      const other = after.points[keypoint];
      return other !== undefined && samePoint(point, other);
    })
  );
}

/** Without the second of two animals that ended up with one name: it keeps its points and loses the name. */
function withoutTwins(instances: readonly Instance[]): Instance[] {
  const names = new Set<string>();
  return instances.map((instance) => {
    const isTwin = instance.individual !== null && names.has(instance.individual);
    if (instance.individual !== null) names.add(instance.individual);
    return isTwin ? { ...instance, individual: null } : instance;
  });
}

/** Every pair that may be the same animal, the likeliest first. */
function likelyPairs(known: FrameLabels, labels: FrameLabels): { from: Instance; to: Instance }[] {
  const pairs = labels.instances.flatMap((from, i) =>
    known.instances.flatMap((to, j) => {
      const likeness = likenessOf(from, to, i === j);
      return likeness === null ? [] : [{ from, to, likeness }];
    }),
  );
  return pairs.sort((a, b) => b.likeness - a.likeness);
}

const SAME_NAME = 1e6;

/** How alike two animals are, or null where they cannot be the same. */
function likenessOf(a: Instance, b: Instance, isSameOrder: boolean): number | null {
  if (a.individual !== null && a.individual === b.individual) return SAME_NAME;
  if (a.individual !== null && b.individual !== null) return null;
  const shared = a.points.filter((point, keypoint) => {
    const other = b.points[keypoint];
    return point.position !== null && other !== undefined && samePoint(point, other);
  }).length;
  if (shared > 0) return shared + (isSameOrder ? 0.5 : 0);
  const [one, other] = [extentOf(a), extentOf(b)];
  if (!one || !other) return isSameOrder && (isEmpty(a) || isEmpty(b)) ? 0 : null;
  const apart = distance(one.centre, other.centre) / Math.max(one.size, other.size, 1);
  return apart < 0.5 ? 0.5 - apart : null;
}
