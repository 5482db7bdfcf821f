/** Draws every track of a row over its frame: points, where it came from, and its name. */

import { imagePoint, type ScreenPoint } from '../../engine/geometry';
import { toScreen, type View } from '../../engine/view';
import type { PoseStyle } from '../results/drawPoses';
import type { ResultData } from '../results/resultData';
import type { ResultState } from '../results/resultSession';

const HALO = 'rgba(10, 12, 16, 0.75)';
const TRAIL_ROWS = 30;
const FONT = '600 12px Inter, system-ui, sans-serif';

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
    drawTrails(context, data, state.row, view, style);
    const pose = data.pose(state.row);
    pose?.forEach((points, individual) => {
      const colour = style.individualColours[individual] ?? '#ffffff';
      const places = points.map(({ position }) => position && toScreen(view, position));
      drawBody(context, places, style.edges, colour);
      drawName(context, places, names[individual] ?? '', colour, chosen.has(names[individual] ?? ''));
    });
  };
}

function drawTrails(
  context: CanvasRenderingContext2D,
  data: ResultData,
  row: number,
  view: View,
  style: PoseStyle,
): void {
  const first = Math.max(row - TRAIL_ROWS, 0);
  const rows = Array.from({ length: row - first + 1 }, (_, i) => data.centres(first + i));
  for (let individual = 0; individual < data.nIndividuals; individual += 1) {
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
    context.strokeStyle = style.individualColours[individual] ?? '#ffffff';
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
    context.arc(place.x, place.y, 3.5, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.strokeStyle = HALO;
    context.lineWidth = 1.25;
    context.fill();
    context.stroke();
  }
}

function drawName(
  context: CanvasRenderingContext2D,
  places: readonly (ScreenPoint | null)[],
  name: string,
  colour: string,
  isChosen: boolean,
): void {
  const there = places.filter((place) => place !== null);
  if (there.length === 0) return;
  const x = there.reduce((sum, place) => sum + place.x, 0) / there.length;
  const y = Math.min(...there.map((place) => place.y)) - 16;
  context.font = FONT;
  const width = context.measureText(name).width + 12;
  context.beginPath();
  context.roundRect(x - width / 2, y - 10, width, 20, 10);
  context.fillStyle = isChosen ? colour : HALO;
  context.fill();
  context.strokeStyle = isChosen ? HALO : colour;
  context.lineWidth = 1.5;
  context.stroke();
  context.fillStyle = isChosen ? '#0a0c10' : '#ffffff';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(name, x, y + 0.5);
}
