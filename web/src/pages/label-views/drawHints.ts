/** Over the labels of a view: where the other views say that the points are. */

import { epipolarLine, project } from '../../engine/cameras';
import type { ScreenPoint } from '../../engine/geometry';
import { instanceAt, statedPosition } from '../../engine/multiview';
import { clearOverlay } from '../../engine/overlay';
import { toImage, toScreen, type View } from '../../engine/view';
import type { DeskView, ViewsDesk } from './viewsDesk';

const HALO = 'rgba(10, 12, 16, 0.75)';
const RIM = 'rgba(255, 255, 255, 0.8)';
const CROSS_PX = 7;
const FONT = '600 11px system-ui, sans-serif';
/** Errors from here on are told in numbers, whatever part is active. */
const LARGE_PX = 5;

/** Returns how many lines and crosses were drawn. */
export function drawHints(
  context: CanvasRenderingContext2D,
  desk: ViewsDesk,
  own: DeskView,
  colours: readonly string[],
  pixelRatio: number,
): { lines: number; crosses: number } {
  clearOverlay(context, pixelRatio);
  const { view } = own.session.editor.state;
  if (!view || !desk.shown().includes(own)) return { lines: 0, crosses: 0 };
  const part = desk.partOf(own);
  const lines = part === null ? 0 : drawLines(context, desk, own, view, part, colours[part] ?? '#fff');
  return { lines, crosses: drawCrosses(context, desk, own, view, colours, part) };
}

/** On which line of this view the part lies, as each other view sees it. */
function drawLines(
  context: CanvasRenderingContext2D,
  desk: ViewsDesk,
  own: DeskView,
  view: View,
  part: number,
  colour: string,
): number {
  let n = 0;
  for (const other of desk.shown()) {
    if (other === own) continue;
    const { state } = other.session.editor;
    const animal = instanceAt(state.labels, desk.state.place, desk.individuals);
    const stated = statedPosition(animal?.points[part]);
    // Before it is placed, the line follows the pointer of the view that is used.
    const isFollowing = !stated && other === desk.active && state.view && state.pointer && desk.partOf(other) === part;
    const pixel = stated ?? (isFollowing && state.view && state.pointer ? toImage(state.view, state.pointer) : null);
    if (!pixel) continue;
    for (const piece of epipolarLine(other.camera, pixel, own.camera)) {
      context.beginPath();
      piece.forEach((point, i) => {
        const { x, y } = toScreen(view, point);
        if (i === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      });
      stroke(context, colour, 1.5, stated ? [] : [5, 5]);
      n += 1;
    }
  }
  return n;
}

/** Where the points in space appear here, and by how much this view's own points differ. */
function drawCrosses(
  context: CanvasRenderingContext2D,
  desk: ViewsDesk,
  own: DeskView,
  view: View,
  colours: readonly string[],
  part: number | null,
): number {
  let n = 0;
  const animal = instanceAt(own.session.editor.state.labels, desk.state.place, desk.individuals);
  desk.state.solved.forEach((solved, keypoint) => {
    const pixel = solved && project(own.camera, solved.point);
    if (!solved || !pixel) return;
    const at = toScreen(view, pixel);
    const mine = animal?.points[keypoint]?.position;
    context.beginPath();
    if (mine) {
      const from = toScreen(view, mine);
      context.moveTo(from.x, from.y);
      context.lineTo(at.x, at.y);
    }
    context.moveTo(at.x - CROSS_PX, at.y - CROSS_PX);
    context.lineTo(at.x + CROSS_PX, at.y + CROSS_PX);
    context.moveTo(at.x - CROSS_PX, at.y + CROSS_PX);
    context.lineTo(at.x + CROSS_PX, at.y - CROSS_PX);
    stroke(context, colours[keypoint] ?? '#fff', 1.5, []);
    const error = solved.errors.get(own.camera.name);
    if (error !== undefined && (error >= LARGE_PX || keypoint === part)) write(context, `${error.toFixed(1)} px`, at);
    n += 1;
  });
  return n;
}

function stroke(context: CanvasRenderingContext2D, colour: string, width: number, dash: number[]): void {
  context.strokeStyle = HALO;
  context.lineWidth = width + 3;
  context.stroke();
  context.setLineDash(dash);
  // Dark colours would not be seen on dark ground.
  context.strokeStyle = RIM;
  context.lineWidth = width + 1.25;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
  context.setLineDash([]);
}

function write(context: CanvasRenderingContext2D, text: string, { x, y }: ScreenPoint): void {
  context.font = FONT;
  context.lineJoin = 'round';
  context.lineWidth = 3.5;
  context.strokeStyle = 'rgba(10, 12, 16, 0.9)';
  context.strokeText(text, x + 10, y - 8);
  context.fillStyle = '#fff';
  context.fillText(text, x + 10, y - 8);
}
