/** Which keypoints hang on which: the skeleton seen as a tree that grows from its middle. */

import type { Skeleton } from './labels';

/** `keypoint` and everything that hangs on it, farther from the middle of the body. */
export function limbFrom(skeleton: Skeleton, keypoint: number): number[] {
  const neighbours = neighboursOf(skeleton);
  const root = middleOf(neighbours, keypoint);
  const parent = parentsFrom(neighbours, root);
  const limb = new Set([keypoint]);
  for (const [child, above] of parent) if (above !== null && limb.has(above)) limb.add(child);
  return [...limb].sort((a, b) => a - b);
}

function neighboursOf(skeleton: Skeleton): number[][] {
  const neighbours: number[][] = skeleton.keypoints.map(() => []);
  for (const [a, b] of skeleton.edges) {
    neighbours[a]?.push(b);
    neighbours[b]?.push(a);
  }
  return neighbours;
}

/** The keypoint joined to `start` from which the farthest one is nearest: the first of them where several are. */
function middleOf(neighbours: readonly number[][], start: number): number {
  const reachable = [...parentsFrom(neighbours, start).keys()].sort((a, b) => a - b);
  const reach = (keypoint: number) => Math.max(...depthsFrom(neighbours, keypoint).values());
  return reachable.reduce((best, keypoint) => (reach(keypoint) < reach(best) ? keypoint : best));
}

/** The parent of every reachable keypoint, nearest to the root first. */
function parentsFrom(neighbours: readonly number[][], root: number): Map<number, number | null> {
  const parent = new Map<number, number | null>([[root, null]]);
  for (const keypoint of parent.keys()) {
    for (const next of neighbours[keypoint] ?? []) if (!parent.has(next)) parent.set(next, keypoint);
  }
  return parent;
}

function depthsFrom(neighbours: readonly number[][], root: number): Map<number, number> {
  const depth = new Map<number, number>();
  for (const [keypoint, above] of parentsFrom(neighbours, root)) {
    depth.set(keypoint, above === null ? 0 : (depth.get(above) ?? 0) + 1);
  }
  return depth;
}
