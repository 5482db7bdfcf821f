/** Draws what lies over the image. It reads the state and never changes it. */

import { type EditorState, type Target, targetOf } from './editorState';
import { boundsOf, imagePoint, type ScreenPoint } from './geometry';
import { findInstance, type Instance, positionsOf, type Skeleton } from './labels';
import { type MarkerSheet, styleOf } from './markers';
import { slotsOf, titleOf } from './slots';
import { toScreen, type View } from './view';

export interface OverlayStyle {
  readonly skeleton: Skeleton;
  /** The colour of every keypoint. */
  readonly colours: readonly string[];
  /** The colour of every animal by its id where it tells the animals apart, else null. */
  readonly animalColours: ReadonlyMap<string, string> | null;
  readonly markers: MarkerSheet;
  readonly pixelRatio: number;
  readonly showNames: boolean;
  /** The names of the project's individuals. */
  readonly individuals: readonly string[];
}

const HALO = 'rgba(10, 12, 16, 0.7)';
const EDGE = 'rgba(255, 255, 255, 0.85)';
const FAINT_EDGE = 'rgba(255, 255, 255, 0.35)';
const CONFLICT = '#ff5a6e';
const FAINT_LINE = 0.6;
const RING_RADIUS_PX = 13;
const FAINT_NAME = 0.7;
const NAME_ABOVE_PX = 14;
const LABEL_FONT = '600 12px system-ui, sans-serif';

export function clearOverlay(context: CanvasRenderingContext2D, pixelRatio: number): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
}

export function drawOverlay(context: CanvasRenderingContext2D, state: EditorState, style: OverlayStyle): void {
  clearOverlay(context, style.pixelRatio);
  const { view } = state;
  if (!view) return;
  drawEdges(context, state, view, style);
  drawPoints(context, state, view, style);
  drawAnimals(context, state, view, style.individuals);
  drawConflicts(context, state, view);
  drawSelection(context, state, view, style);
  const target = targetOf(state);
  if (state.pointer && !state.gesture?.isDrag && target) drawTarget(context, state, view, state.pointer, target, style);
}

/** The colour of a keypoint of an animal. */
function colourOf({ animalColours, colours }: OverlayStyle, instance: string, keypoint: number): string {
  return (animalColours ? animalColours.get(instance) : colours[keypoint]) ?? EDGE;
}

/** The lines of all animals: the active animal's clearly and above the others', which are faint. */
function drawEdges(context: CanvasRenderingContext2D, state: EditorState, view: View, style: OverlayStyle): void {
  const active = state.instance?.id;
  const { animalColours: colours } = style;
  for (const isActive of [false, true]) {
    const animals = state.labels.instances.filter(({ id }) => (id === active) === isActive);
    if (!colours) {
      strokeEdges(context, animals, view, style.skeleton, { colour: isActive ? EDGE : FAINT_EDGE, width: 1.25 });
      continue;
    }
    for (const animal of animals) {
      const colour = colours.get(animal.id) ?? EDGE;
      context.globalAlpha = isActive ? 1 : FAINT_LINE;
      strokeEdges(context, [animal], view, style.skeleton, { colour, width: isActive ? 2.5 : 1.25 });
    }
  }
  context.globalAlpha = 1;
}

interface Line {
  readonly colour: string;
  readonly width: number;
}

/** All lines in two strokes: what is wide and dark below makes them seen on any ground. */
function strokeEdges(
  context: CanvasRenderingContext2D,
  animals: readonly Instance[],
  view: View,
  skeleton: Skeleton,
  { colour, width }: Line,
): void {
  context.beginPath();
  for (const animal of animals) traceEdges(context, animal, view, skeleton);
  context.strokeStyle = HALO;
  context.lineWidth = width + 1.75;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function traceEdges(context: CanvasRenderingContext2D, instance: Instance, view: View, skeleton: Skeleton): void {
  for (const [from, to] of skeleton.edges) {
    const [a, b] = [instance.points[from]?.position, instance.points[to]?.position];
    if (!a || !b) continue;
    const [start, end] = [toScreen(view, a), toScreen(view, b)];
    context.moveTo(start.x, start.y);
    context.lineTo(end.x, end.y);
  }
}

/** Every point of every animal. */
export function drawPoints(
  context: CanvasRenderingContext2D,
  state: EditorState,
  view: View,
  style: OverlayStyle,
): void {
  for (const instance of state.labels.instances) {
    instance.points.forEach((point, keypoint) => {
      if (!point.position) return;
      const { x, y } = toScreen(view, point.position);
      style.markers.stamp(context, keypoint, styleOf(point), x, y, colourOf(style, instance.id, keypoint));
      if (style.showNames) drawLabel(context, style.skeleton.keypoints[keypoint] ?? '', { x: x + 9, y: y - 9 });
    });
  }
}

/** Who is who, above each animal, where there are several; the active one clearly. */
function drawAnimals(
  context: CanvasRenderingContext2D,
  { labels, instance: active }: EditorState,
  view: View,
  individuals: readonly string[],
): void {
  if (labels.instances.length < 2) return;
  context.textAlign = 'center';
  slotsOf(labels, individuals).forEach((slot, place) => {
    const box = slot.instance && boundsOf(positionsOf(slot.instance));
    if (!box) return;
    const { x, y } = toScreen(view, imagePoint((box.left + box.right) / 2, box.top));
    context.globalAlpha = slot.instance?.id === active?.id ? 1 : FAINT_NAME;
    drawLabel(context, titleOf(slot, place), { x, y: y - NAME_ABOVE_PX });
  });
  context.globalAlpha = 1;
  context.textAlign = 'left';
}

/** Where my version of a disputed point would be. */
function drawConflicts(context: CanvasRenderingContext2D, state: EditorState, view: View): void {
  for (const { mine, instance, keypoint } of state.conflicts) {
    const saved = findInstance(state.labels, instance)?.points[keypoint]?.position;
    if (!mine.position) continue;
    const at = toScreen(view, mine.position);
    if (saved) drawDashed(context, at, toScreen(view, saved));
    drawRing(context, at, CONFLICT, [3, 3]);
  }
}

/** The chosen part, where it is now. */
function drawSelection(context: CanvasRenderingContext2D, state: EditorState, view: View, style: OverlayStyle): void {
  const { instance, keypoint, isChosen } = state;
  if (!isChosen || keypoint === null || !instance) return;
  const position = findInstance(state.labels, instance.id)?.points[keypoint]?.position;
  if (position) drawRing(context, toScreen(view, position), colourOf(style, instance.id, keypoint), []);
}

/** What a click would do: the name of the part at the pointer, and a ring around the point that would move. */
function drawTarget(
  context: CanvasRenderingContext2D,
  state: EditorState,
  view: View,
  pointer: ScreenPoint,
  target: Target,
  style: OverlayStyle,
): void {
  const name = style.skeleton.keypoints[target.keypoint] ?? '';
  const position = findInstance(state.labels, target.instance)?.points[target.keypoint]?.position;
  if (target.kind === 'refine' && position) {
    const at = toScreen(view, position);
    drawDashed(context, at, pointer);
    drawRing(context, at, EDGE, []);
  }
  drawCross(context, pointer, EDGE);
  // The name bears the mark of the part: dark colours would not be read as letters.
  const colour = colourOf(style, target.instance, target.keypoint);
  style.markers.stamp(context, target.keypoint, 'confirmed', pointer.x + 18, pointer.y + 19, colour);
  drawLabel(context, name, { x: pointer.x + 28, y: pointer.y + 23 });
}

function drawRing(context: CanvasRenderingContext2D, at: ScreenPoint, colour: string, dash: number[]): void {
  context.beginPath();
  context.arc(at.x, at.y, RING_RADIUS_PX, 0, 2 * Math.PI);
  strokeTwice(context, colour, 2, dash);
}

function drawDashed(context: CanvasRenderingContext2D, from: ScreenPoint, to: ScreenPoint): void {
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  strokeTwice(context, EDGE, 1, [4, 4]);
}

/** A cross that leaves its middle free, so that the pixel under it is seen. */
function drawCross(context: CanvasRenderingContext2D, at: ScreenPoint, colour: string): void {
  context.beginPath();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    context.moveTo(at.x + dx * 4, at.y + dy * 4);
    context.lineTo(at.x + dx * 11, at.y + dy * 11);
  }
  strokeTwice(context, colour, 1.5, []);
}

function strokeTwice(context: CanvasRenderingContext2D, colour: string, width: number, dash: number[]): void {
  context.strokeStyle = HALO;
  context.lineWidth = width + 2;
  context.stroke();
  context.setLineDash(dash);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
  context.setLineDash([]);
}

function drawLabel(context: CanvasRenderingContext2D, text: string, at: ScreenPoint): void {
  context.font = LABEL_FONT;
  context.lineJoin = 'round';
  context.lineWidth = 3.5;
  context.strokeStyle = 'rgba(10, 12, 16, 0.9)';
  context.strokeText(text, at.x, at.y);
  context.fillStyle = '#ffffff';
  context.fillText(text, at.x, at.y);
}
