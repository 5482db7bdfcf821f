/** Small labels that the tests share. */

import { imagePoint } from './geometry';
import { type FrameLabels, type Instance, type LabelPoint, placed, proposed, type Skeleton, UNLABELED } from './labels';

/** snout - neck - tail, with an ear on either side of the neck. */
export const MOUSE: Skeleton = {
  keypoints: ['snout', 'left ear', 'right ear', 'neck', 'tail'],
  edges: [
    [0, 3],
    [1, 3],
    [2, 3],
    [3, 4],
  ],
  symmetries: [[1, 2]],
};

export function instanceOf(id: string, points: readonly LabelPoint[], individual: string | null = null): Instance {
  return { id, individual, points: MOUSE.keypoints.map((_, keypoint) => points[keypoint] ?? UNLABELED) };
}

export const frameOf = (...instances: Instance[]): FrameLabels => ({ instances, noAnimal: false });

export const at = (x: number, y: number): LabelPoint => placed(imagePoint(x, y));
export const maybe = (x: number, y: number, confidence: number | null = null): LabelPoint =>
  proposed(imagePoint(x, y), confidence);
