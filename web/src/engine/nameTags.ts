/** Names beside animals, written so that they cover neither each other nor, where there is room, an animal. */

import type { ScreenPoint } from './geometry';

/** An animal with its points on the canvas. */
export interface Named {
  readonly places: readonly (ScreenPoint | null)[];
  readonly name: string;
  readonly colour: string;
  /** It stands out among the others. */
  readonly isChosen?: boolean;
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Place {
  /** The middle of the tag. */
  readonly x: number;
  readonly y: number;
}

export const TAG_PX = 20;
const MOST_TAG_PX = 150;
const TAG_AIR_PX = 12;
const POINT_PX = 3.5;
const FONT = '600 12px Inter, system-ui, sans-serif';
const HALO = 'rgba(10, 12, 16, 0.75)';
const GAP_PX = 6;
const STEP_PX = TAG_PX + 2;
const STEPS = 4;
/** A tag that covers another one is worse than one that covers an animal, and both than one that is a little away. */
const OVER_TAG = 20;
const AWAY = 4;

/** Write the names of animals that are in sight. */
export function drawNameTags(context: CanvasRenderingContext2D, animals: readonly Named[], pixelRatio: number): void {
  const size = { width: context.canvas.width / pixelRatio, height: context.canvas.height / pixelRatio };
  const sight = { left: 0, top: 0, right: size.width, bottom: size.height };
  context.font = FONT;
  const widthOf = (text: string) => context.measureText(text).width;
  const tags = animals.flatMap((animal) => {
    const body = bodyOf(animal.places);
    if (!body || overlapOf(body, sight) === 0) return [];
    const text = shortened(animal.name, MOST_TAG_PX, widthOf);
    return [{ animal, body, text, width: widthOf(text) + TAG_AIR_PX }];
  });
  const at = placeTags(
    tags.map(({ body }) => body),
    tags.map(({ width }) => width),
    size,
  );
  for (const [number, { animal, text, width }] of tags.entries()) {
    const place = at[number];
    if (place) drawTag(context, boxOf(place, width), text, animal);
  }
}

/**
 * Find a place for the tag of every animal: above it if nothing is there, else around it.
 *
 * `bodies` are what the animals cover, in pixels of the canvas, and `widths` how wide their tags are.
 */
export function placeTags(
  bodies: readonly Box[],
  widths: readonly number[],
  canvas: { readonly width: number; readonly height: number },
): readonly Place[] {
  const taken: Box[] = [];
  return bodies.map((body, number) => {
    const width = widths[number] ?? 0;
    const usual = above(body, 0);
    const costOf = (place: Place) => {
      const box = boxOf(place, width);
      const over = (others: readonly Box[]) => others.reduce((sum, other) => sum + overlapOf(box, other), 0);
      return OVER_TAG * over(taken) + over(bodies) + AWAY * Math.hypot(place.x - usual.x, place.y - usual.y);
    };
    const places = candidates(body, width).map((place) => within(place, width, canvas));
    const best = places.reduce((least, place) => (costOf(place) < costOf(least) ? place : least));
    taken.push(boxOf(best, width));
    return best;
  });
}

/** The text, its middle left out where it is too wide: names often differ at their ends. */
export function shortened(text: string, most: number, widthOf: (text: string) => number): string {
  if (widthOf(text) <= most) return text;
  const letters = [...text];
  for (let kept = letters.length - 1; kept > 1; kept -= 1) {
    const head = Math.ceil(kept / 2);
    const candidate = `${letters.slice(0, head).join('')}…${letters.slice(letters.length - (kept - head)).join('')}`;
    if (widthOf(candidate) <= most) return candidate;
  }
  return '…';
}

function bodyOf(places: Named['places']): Box | null {
  const there = places.filter((place) => place !== null);
  if (there.length === 0) return null;
  const [xs, ys] = [there.map(({ x }) => x), there.map(({ y }) => y)];
  return {
    left: Math.min(...xs) - POINT_PX,
    right: Math.max(...xs) + POINT_PX,
    top: Math.min(...ys) - POINT_PX,
    bottom: Math.max(...ys) + POINT_PX,
  };
}

function drawTag(
  context: CanvasRenderingContext2D,
  { left, right, top, bottom }: Box,
  text: string,
  { colour, isChosen = false }: Named,
): void {
  context.beginPath();
  context.roundRect(left, top, right - left, TAG_PX, TAG_PX / 2);
  context.fillStyle = isChosen ? colour : HALO;
  context.fill();
  context.strokeStyle = isChosen ? HALO : colour;
  context.lineWidth = 1.5;
  context.stroke();
  context.fillStyle = isChosen ? '#0a0c10' : '#ffffff';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, (left + right) / 2, (top + bottom) / 2 + 0.5);
}

function above(body: Box, step: number): Place {
  return { x: (body.left + body.right) / 2, y: body.top - GAP_PX - TAG_PX / 2 - step * STEP_PX };
}

function candidates(body: Box, width: number): Place[] {
  const [x, y] = [(body.left + body.right) / 2, (body.top + body.bottom) / 2];
  const aside = width / 2 + GAP_PX;
  const places = [
    { x: body.right + aside, y },
    { x: body.left - aside, y },
  ];
  const first = above(body, 0);
  for (let step = 0; step < STEPS; step += 1) {
    const below = { x, y: body.bottom + GAP_PX + TAG_PX / 2 + step * STEP_PX };
    for (const place of [above(body, step), below])
      places.push(place, { x: x + aside, y: place.y }, { x: x - aside, y: place.y });
  }
  return [first, ...places];
}

function within({ x, y }: Place, width: number, canvas: { width: number; height: number }): Place {
  const inside = (value: number, half: number, most: number) =>
    Math.max(Math.min(value, most - half - 1), Math.min(half + 1, most / 2));
  return { x: inside(x, width / 2, canvas.width), y: inside(y, TAG_PX / 2, canvas.height) };
}

function boxOf({ x, y }: Place, width: number): Box {
  return { left: x - width / 2, right: x + width / 2, top: y - TAG_PX / 2, bottom: y + TAG_PX / 2 };
}

/** The area that two boxes share. */
export function overlapOf(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}
