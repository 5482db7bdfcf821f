/** Which traces the Proofread page draws. */

import type { Choice } from './repairs';

/** The tracks that are traced, by their places: those that are chosen, or all where none is. */
export function tracedOf({ first, second }: Choice, names: readonly string[]): readonly number[] {
  const chosen = [first, second]
    .flatMap((name) => (name === null ? [] : [names.indexOf(name)]))
    .filter((at) => at >= 0);
  return chosen.length > 0 ? chosen : [...names.keys()];
}

/** The keypoint that most others hang on, which is seldom hidden: the middle of the body; the first of several. */
export function hubOf(keypoints: readonly string[], edges: readonly (readonly [string, string])[]): number {
  const counts = keypoints.map((name) => edges.filter((edge) => edge.includes(name)).length);
  return Math.max(counts.indexOf(Math.max(...counts)), 0);
}
