/** An animal's name above its points, in its colour. */

import type { ScreenPoint } from './geometry';

const GROUND = 'rgba(10, 12, 16, 0.75)';
const FONT = '600 12px Inter, system-ui, sans-serif';
const HEIGHT_PX = 20;
const GAP_PX = 16;

/** Write the name where the animal has points. */
export function drawNameTag(
  context: CanvasRenderingContext2D,
  points: readonly (ScreenPoint | null)[],
  name: string,
  colour: string,
): void {
  const there = points.filter((point) => point !== null);
  if (there.length === 0) return;
  const x = there.reduce((sum, point) => sum + point.x, 0) / there.length;
  const y = Math.min(...there.map((point) => point.y)) - GAP_PX;
  context.font = FONT;
  const width = context.measureText(name).width + 12;
  context.beginPath();
  context.roundRect(x - width / 2, y - HEIGHT_PX / 2, width, HEIGHT_PX, HEIGHT_PX / 2);
  context.fillStyle = GROUND;
  context.fill();
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.stroke();
  context.fillStyle = '#ffffff';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(name, x, y + 0.5);
}
