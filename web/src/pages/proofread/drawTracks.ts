/** Draws every track of a row over its frame: points, where it came from, and its name. */

import { imagePoint } from '../../engine/geometry';
import { drawNameTags, type Named } from '../../engine/nameTags';
import { toScreen, type View } from '../../engine/view';
import type { PoseStyle } from '../results/drawPoses';
import type { ResultData } from '../results/resultData';
import type { ResultState } from '../results/resultSession';
import { renamesOf } from './renames';

const HALO = 'rgba(10, 12, 16, 0.75)';
const TRAIL_ROWS = 30;
const POINT_PX = 3.5;

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
    const renames = renamesOf(data.detail.individuals, names);
    const own = data.detail.individuals.map((name) => renames.get(name) ?? name);
    const colourOf = (individual: number) => style.individualColours[names.indexOf(own[individual] ?? '')];
    drawTrails(context, data, state.row, view, colourOf);
    const animals = (data.pose(state.row) ?? []).flatMap((points, individual): Named[] => {
      const [name, colour] = [own[individual] ?? '', colourOf(individual)];
      const places = points.map(({ position }) => position && toScreen(view, position));
      return colour === undefined ? [] : [{ places, name, colour, isChosen: chosen.has(name) }];
    });
    for (const { places, colour } of animals) drawBody(context, places, style.edges, colour);
    drawNameTags(context, animals, style.pixelRatio);
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
  places: Named['places'],
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
