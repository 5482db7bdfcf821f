/** How the image lies on the canvas: one scale and one offset. Every function returns a new view. */

import { type Box, type ImagePoint, imagePoint, type ScreenPoint, type Size, screenPoint } from './geometry';

/** screen = (image + 0.5) * scale + offset: the image's top-left corner, not the centre of its first pixel, lies at the offset. */
export interface View {
  /** CSS pixels per image pixel. */
  readonly scale: number;
  readonly offsetX: number;
  readonly offsetY: number;
}

/** What happens to the view when the frame changes. */
export type ViewRule = 'animal' | 'keep' | 'fit';

export const VIEW_RULES: readonly ViewRule[] = ['animal', 'keep', 'fit'];

const MAX_SCALE = 64;
const FIT_MARGIN_PX = 8;
/** The animal's box is widened by this share of its longer side, so that points near its edge are reached. */
const ANIMAL_MARGIN = 0.35;
const MIN_ANIMAL_SIDE_PX = 48;
/** A scale that fits the animal up to this factor too large or too small is kept, so that the picture stays calm. */
const CALM_FACTOR = 1.6;

export function toScreen(view: View, point: ImagePoint): ScreenPoint {
  return screenPoint((point.x + 0.5) * view.scale + view.offsetX, (point.y + 0.5) * view.scale + view.offsetY);
}

export function toImage(view: View, point: ScreenPoint): ImagePoint {
  return imagePoint((point.x - view.offsetX) / view.scale - 0.5, (point.y - view.offsetY) / view.scale - 0.5);
}

/** The view that shows the whole image, centred. */
export function fitImage(image: Size, canvas: Size): View {
  const scale = fittingScale(image, canvas);
  return centredOn(imagePoint((image.width - 1) / 2, (image.height - 1) / 2), scale, canvas);
}

/** The view that shows `box` with some air around it. */
export function fitBox(box: Box, image: Size, canvas: Size): View {
  return centredOn(centreOf(box), animalScale(box, image, canvas), canvas);
}

/** Multiply the scale while the image under `anchor` stays where it is. */
export function zoomAt(view: View, anchor: ScreenPoint, factor: number, image: Size, canvas: Size): View {
  const smallest = fittingScale(image, canvas) / 2;
  const scale = Math.min(Math.max(view.scale * factor, smallest), MAX_SCALE);
  const ratio = scale / view.scale;
  return {
    scale,
    offsetX: anchor.x - (anchor.x - view.offsetX) * ratio,
    offsetY: anchor.y - (anchor.y - view.offsetY) * ratio,
  };
}

/** Move the image by screen pixels, but never so far that less than a quarter of the canvas shows it. */
export function panBy(view: View, dx: number, dy: number, image: Size, canvas: Size): View {
  return {
    scale: view.scale,
    offsetX: limitOffset(view.offsetX + dx, image.width * view.scale, canvas.width),
    offsetY: limitOffset(view.offsetY + dy, image.height * view.scale, canvas.height),
  };
}

/** The view for a new frame, given the one before it and where the animal is, if that is known. */
export function nextView(rule: ViewRule, previous: View | null, animal: Box | null, image: Size, canvas: Size): View {
  if (rule === 'keep' && previous) return previous;
  // An animal that may be anywhere is looked for in the whole image.
  if (rule !== 'animal' || animal === null) return fitImage(image, canvas);
  if (previous === null) return fitBox(animal, image, canvas);
  const wanted = animalScale(animal, image, canvas);
  const ratio = wanted / previous.scale;
  const isCalm = ratio < CALM_FACTOR && ratio > 1 / CALM_FACTOR;
  return centredOn(centreOf(animal), isCalm ? previous.scale : wanted, canvas);
}

/** The same part of the image in the middle of a canvas of another size. */
export function resized(view: View, before: Size, after: Size): View {
  const middle = toImage(view, screenPoint(before.width / 2, before.height / 2));
  return centredOn(middle, view.scale, after);
}

function fittingScale(image: Size, canvas: Size): number {
  const room = { width: canvas.width - 2 * FIT_MARGIN_PX, height: canvas.height - 2 * FIT_MARGIN_PX };
  return Math.max(Math.min(room.width / image.width, room.height / image.height, MAX_SCALE), 1e-3);
}

function animalScale(box: Box, image: Size, canvas: Size): number {
  const margin = ANIMAL_MARGIN * Math.max(box.right - box.left, box.bottom - box.top);
  const width = Math.max(box.right - box.left + 2 * margin, MIN_ANIMAL_SIDE_PX);
  const height = Math.max(box.bottom - box.top + 2 * margin, MIN_ANIMAL_SIDE_PX);
  const scale = Math.min(canvas.width / width, canvas.height / height, MAX_SCALE);
  return Math.max(scale, fittingScale(image, canvas));
}

function centredOn(point: ImagePoint, scale: number, canvas: Size): View {
  return {
    scale,
    offsetX: canvas.width / 2 - (point.x + 0.5) * scale,
    offsetY: canvas.height / 2 - (point.y + 0.5) * scale,
  };
}

function centreOf(box: Box): ImagePoint {
  return imagePoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
}

function limitOffset(offset: number, shown: number, canvas: number): number {
  return Math.min(Math.max(offset, canvas / 4 - shown), (canvas * 3) / 4);
}
