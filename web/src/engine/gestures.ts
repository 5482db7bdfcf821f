/** Presses, drags and releases of the pointer, read as what they mean for the labels. Pure: the editor keeps the state. */

import type { Edit } from './commands';
import { distance, type ImagePoint, type ScreenPoint, type Size } from './geometry';
import { type Hit, pointsByDistance } from './hitTest';
import type { FrameLabels, Skeleton } from './labels';
import { limbFrom } from './limbs';
import { moveInstance, movePoint, movePoints, pointAt } from './operations';
import { toImage, type View } from './view';

export interface Modifiers {
  readonly shift: boolean;
  readonly alt: boolean;
  readonly ctrl: boolean;
}

/** What a press began. It becomes a drag once the pointer has gone `CLICK_SLACK_PX`; until then it is a click. */
export interface Gesture {
  readonly kind: 'point' | 'limb' | 'instance' | 'pan';
  readonly start: ScreenPoint;
  readonly last: ScreenPoint;
  readonly modifiers: Modifiers;
  /** The point that was pressed; null when panning. */
  readonly hit: Hit | null;
  readonly isDrag: boolean;
}

/** A hand moves this far while it clicks. */
export const CLICK_SLACK_PX = 4;
/** Panning by accident costs a click, so it asks for more. */
const PAN_SLACK_PX = 8;

export function beginGesture(
  start: ScreenPoint,
  modifiers: Modifiers,
  hit: Hit | null,
  nearest: Hit | null,
  isMiddleButton: boolean,
): Gesture {
  const common = { start, last: start, modifiers, isDrag: false };
  if (isMiddleButton) return { ...common, kind: 'pan', hit: null };
  if (modifiers.alt && nearest) return { ...common, kind: 'instance', hit: nearest };
  if (!hit) return { ...common, kind: 'pan', hit: null };
  return { ...common, kind: modifiers.ctrl ? 'limb' : 'point', hit };
}

export function moveGesture(gesture: Gesture, to: ScreenPoint): Gesture {
  const slack = gesture.kind === 'pan' ? PAN_SLACK_PX : CLICK_SLACK_PX;
  return { ...gesture, last: to, isDrag: gesture.isDrag || distance(gesture.start, to) > slack };
}

/** The edits of a drag so far, compared with the labels before it. */
export function dragEdits(gesture: Gesture, labels: FrameLabels, view: View, image: Size, skeleton: Skeleton): Edit[] {
  const { hit, kind } = gesture;
  if (!gesture.isDrag || !hit || kind === 'pan') return [];
  const [from, to] = [toImage(view, gesture.start), toImage(view, gesture.last)];
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  if (kind === 'instance') return moveInstance(labels, hit.instance, dx, dy);
  if (kind === 'limb') return movePoints(labels, hit.instance, limbFrom(skeleton, hit.keypoint), dx, dy);
  const position = pointAt(labels, hit)?.position;
  return position ? movePoint(labels, hit, shifted(position, dx, dy), image) : [];
}

/** The nearest point of any animal, however far: the animal that Alt moves. */
export function nearestPoint(labels: FrameLabels, view: View, pointer: ScreenPoint, active: string | null): Hit | null {
  return pointsByDistance(labels, view, pointer, active)[0] ?? null;
}

function shifted(point: ImagePoint, dx: number, dy: number): ImagePoint {
  return { ...point, x: point.x + dx, y: point.y + dy };
}
