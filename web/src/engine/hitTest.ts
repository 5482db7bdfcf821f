/** Which point lies under, or nearest to, the pointer. Distances are on the screen, so they mean the same at any zoom. */

import { distance, type ScreenPoint } from './geometry';
import type { FrameLabels, LabelPoint } from './labels';
import { toScreen, type View } from './view';

export interface PointRef {
  readonly instance: string;
  readonly keypoint: number;
}

export interface Hit extends PointRef {
  readonly distance: number;
}

/** How near the pointer must be to a point to grab it. */
export const GRAB_RADIUS_PX = 12;

/** Every point that `keep` wants, nearest first; points of the instance `favoured` win ties of position. */
export function pointsByDistance(
  labels: FrameLabels,
  view: View,
  pointer: ScreenPoint,
  favoured: string | null = null,
  keep: (point: LabelPoint) => boolean = () => true,
): Hit[] {
  const hits: Hit[] = [];
  for (const instance of labels.instances) {
    instance.points.forEach((point, keypoint) => {
      if (!point.position || !keep(point)) return;
      hits.push({ instance: instance.id, keypoint, distance: distance(toScreen(view, point.position), pointer) });
    });
  }
  return hits.sort(
    (a, b) => a.distance - b.distance || Number(b.instance === favoured) - Number(a.instance === favoured),
  );
}

/** The point that a press at `pointer` grabs, or null. */
export function grabbed(labels: FrameLabels, view: View, pointer: ScreenPoint, favoured: string | null): Hit | null {
  const [nearest] = pointsByDistance(labels, view, pointer, favoured);
  return nearest && nearest.distance <= GRAB_RADIUS_PX ? nearest : null;
}

export function sameRef(a: PointRef | null, b: PointRef | null): boolean {
  return a === b || (a !== null && b !== null && a.instance === b.instance && a.keypoint === b.keypoint);
}
