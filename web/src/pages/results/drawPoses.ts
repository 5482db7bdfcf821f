/** Draws the poses of one row over its frame. */

import type { ColourRule } from '../../engine/colouring';
import { imagePoint, type Size } from '../../engine/geometry';
import type { MarkerSheet } from '../../engine/markers';
import { drawNameTags, type Named } from '../../engine/nameTags';
import { toScreen, type View } from '../../engine/view';
import type { PosePoint, ResultData } from './resultData';
import type { ResultState } from './resultSession';

export interface PoseStyle {
  readonly markers: MarkerSheet;
  readonly pixelRatio: number;
  /** Pairs of keypoint numbers that are drawn joined. */
  readonly edges: readonly (readonly [number, number])[];
  /** The colour of the edges of every individual. */
  readonly individualColours: readonly string[];
}

const HALO = 'rgba(10, 12, 16, 0.7)';
const SMOOTHED = '#ffffff';

/** Draw points in the colours of their animals or of their keypoints, and the names where animals have some. */
export function poseDrawing(names: readonly string[], colourBy: ColourRule) {
  return (
    context: CanvasRenderingContext2D,
    data: ResultData,
    state: ResultState,
    view: View,
    style: PoseStyle,
  ): void => {
    drawPoses(context, data, state, view, style, colourBy);
    const animals = (data.pose(state.row) ?? []).flatMap((points, individual): Named[] => {
      const [name, colour] = [names[individual], style.individualColours[individual] ?? SMOOTHED];
      const places = points.map(({ position }) => position && toScreen(view, position));
      return name === undefined ? [] : [{ places, name, colour }];
    });
    drawNameTags(context, animals, style.pixelRatio);
  };
}

function drawPoses(
  context: CanvasRenderingContext2D,
  data: ResultData,
  state: ResultState,
  view: View,
  style: PoseStyle,
  colourBy: ColourRule,
): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(style.pixelRatio, 0, 0, style.pixelRatio, 0, 0);
  const pose = data.pose(state.row);
  pose?.forEach((points, individual) => {
    const isSure = (point: PosePoint | undefined) =>
      point?.position != null && (point.confidence ?? 1) >= state.minConfidence ? point.position : null;
    drawEdges(context, points.map(isSure), view, style, individual);
    points.forEach((point, keypoint) => {
      if (!point.position) return;
      const { x, y } = toScreen(view, point.position);
      const colour = colourBy === 'animal' ? style.individualColours[individual] : undefined;
      style.markers.stamp(context, keypoint, isSure(point) ? 'confirmed' : 'proposed', x, y, colour);
    });
  });
  if (state.smoothed) drawSmoothed(context, data, state, view);
}

function drawEdges(
  context: CanvasRenderingContext2D,
  points: readonly ({ readonly x: number; readonly y: number } | null)[],
  view: View,
  { edges, individualColours }: PoseStyle,
  individual: number,
): void {
  context.beginPath();
  for (const [from, to] of edges) {
    const [a, b] = [points[from], points[to]];
    if (!a || !b) continue;
    const [start, end] = [toScreen(view, imagePoint(a.x, a.y)), toScreen(view, imagePoint(b.x, b.y))];
    context.moveTo(start.x, start.y);
    context.lineTo(end.x, end.y);
  }
  context.strokeStyle = HALO;
  context.lineWidth = 3.5;
  context.stroke();
  context.strokeStyle = individualColours[individual] ?? SMOOTHED;
  context.lineWidth = 1.75;
  context.stroke();
}

/** Where smoothing would put the points: small crosses. */
function drawSmoothed(context: CanvasRenderingContext2D, data: ResultData, state: ResultState, view: View): void {
  const { smoothed, row } = state;
  if (!smoothed || row < smoothed.start || row >= smoothed.stop) return;
  const plane = data.nKeypoints * data.nIndividuals;
  const offset = (row - smoothed.start) * 2 * plane;
  context.beginPath();
  for (let place = 0; place < plane; place += 1) {
    const [x, y] = [smoothed.values[offset + place], smoothed.values[offset + plane + place]];
    if (x === undefined || y === undefined || Number.isNaN(x)) continue;
    const at = toScreen(view, imagePoint(x, y));
    context.moveTo(at.x - 6, at.y);
    context.lineTo(at.x + 6, at.y);
    context.moveTo(at.x, at.y - 6);
    context.lineTo(at.x, at.y + 6);
  }
  context.strokeStyle = HALO;
  context.lineWidth = 4;
  context.stroke();
  context.strokeStyle = SMOOTHED;
  context.lineWidth = 1.5;
  context.stroke();
}

/** The size of the image, or of the box that holds every point where no image is known. */
export function stageSize(state: ResultState, video: Size | null): Size {
  const { picture } = state;
  return picture ? { width: picture.width, height: picture.height } : (video ?? { width: 640, height: 480 });
}
