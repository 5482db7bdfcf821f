/** Draws every track of a row over its frame: points, where it came from, and its name. */

import { imagePoint, type ScreenPoint } from '../../engine/geometry';
import { toScreen, type View } from '../../engine/view';
import type { PoseStyle } from '../results/drawPoses';
import type { ResultData } from '../results/resultData';
import type { ResultState } from '../results/resultSession';
import { type Box, MOST_TAG_PX, overlapOf, type Place, placeTags, shortened, TAG_PX } from './nameTags';

const HALO = 'rgba(10, 12, 16, 0.75)';
const TRAIL_ROWS = 30;
const FONT = '600 12px Inter, system-ui, sans-serif';
const POINT_PX = 3.5;
const TAG_AIR_PX = 12;

interface Animal {
  readonly places: readonly (ScreenPoint | null)[];
  readonly name: string;
  readonly colour: string;
}

/** Draw with the names of the tracks; those that a repair would be about stand out. */
export function trackDrawing(names: readonly string[], chosen: ReadonlySet<string>) {
  return (
    context: CanvasRenderingContext2D,
    data: ResultData,
    state: ResultState,
    view: View,
    style: PoseStyle,
  ): void => {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(style.pixelRatio, 0, 0, style.pixelRatio, 0, 0);
    // After a repair the numbers from before are shown for a moment, and their tracks may be others.
    const own = data.detail.individuals;
    const colourOf = (individual: number) => style.individualColours[names.indexOf(own[individual] ?? '')];
    drawTrails(context, data, state.row, view, colourOf);
    const animals = (data.pose(state.row) ?? []).flatMap((points, individual): Animal[] => {
      const colour = colourOf(individual);
      const places = points.map(({ position }) => position && toScreen(view, position));
      return colour === undefined ? [] : [{ places, name: own[individual] ?? '', colour }];
    });
    for (const { places, colour } of animals) drawBody(context, places, style.edges, colour);
    drawNames(context, animals, chosen, style.pixelRatio);
  };
}

function drawTrails(
  context: CanvasRenderingContext2D,
  data: ResultData,
  row: number,
  view: View,
  colourOf: (individual: number) => string | undefined,
): void {
  const first = Math.max(row - TRAIL_ROWS, 0);
  const rows = Array.from({ length: row - first + 1 }, (_, i) => data.centres(first + i));
  for (let individual = 0; individual < data.nIndividuals; individual += 1) {
    const colour = colourOf(individual);
    if (colour === undefined) continue;
    context.beginPath();
    let isOpen = false;
    for (const centres of rows) {
      const centre = centres?.[individual] ?? null;
      if (centre) {
        const { x, y } = toScreen(view, imagePoint(centre.x, centre.y));
        if (isOpen) context.lineTo(x, y);
        else context.moveTo(x, y);
      }
      isOpen = centre !== null;
    }
    context.lineJoin = 'round';
    context.strokeStyle = HALO;
    context.lineWidth = 4;
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.stroke();
  }
}

function drawBody(
  context: CanvasRenderingContext2D,
  places: readonly (ScreenPoint | null)[],
  edges: PoseStyle['edges'],
  colour: string,
): void {
  context.beginPath();
  for (const [from, to] of edges) {
    const [a, b] = [places[from], places[to]];
    if (!a || !b) continue;
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y);
  }
  context.strokeStyle = HALO;
  context.lineWidth = 3.5;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = 1.75;
  context.stroke();
  for (const place of places) {
    if (!place) continue;
    context.beginPath();
    context.arc(place.x, place.y, POINT_PX, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.strokeStyle = HALO;
    context.lineWidth = 1.25;
    context.fill();
    context.stroke();
  }
}

/** Names of animals that are in sight. */
function drawNames(
  context: CanvasRenderingContext2D,
  animals: readonly Animal[],
  chosen: ReadonlySet<string>,
  pixelRatio: number,
): void {
  const size = { width: context.canvas.width / pixelRatio, height: context.canvas.height / pixelRatio };
  const sight = { left: 0, top: 0, right: size.width, bottom: size.height };
  context.font = FONT;
  const widthOf = (text: string) => context.measureText(text).width;
  const tags = animals.flatMap(({ places, name, colour }) => {
    const body = bodyOf(places);
    if (!body || overlapOf(body, sight) === 0) return [];
    const text = shortened(name, MOST_TAG_PX, widthOf);
    return [{ body, text, colour, isChosen: chosen.has(name), width: widthOf(text) + TAG_AIR_PX }];
  });
  const at = placeTags(
    tags.map(({ body }) => body),
    tags.map(({ width }) => width),
    size,
  );
  for (const [number, tag] of tags.entries()) {
    const place = at[number];
    if (place) drawTag(context, place, tag);
  }
}

function bodyOf(places: readonly (ScreenPoint | null)[]): Box | null {
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
  { x, y }: Place,
  tag: { readonly text: string; readonly colour: string; readonly width: number; readonly isChosen: boolean },
): void {
  const { text, colour, width, isChosen } = tag;
  context.beginPath();
  context.roundRect(x - width / 2, y - TAG_PX / 2, width, TAG_PX, TAG_PX / 2);
  context.fillStyle = isChosen ? colour : HALO;
  context.fill();
  context.strokeStyle = isChosen ? HALO : colour;
  context.lineWidth = 1.5;
  context.stroke();
  context.fillStyle = isChosen ? '#0a0c10' : '#ffffff';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, x, y + 0.5);
}
