/** Draws how sure every point is over time, as one picture: a row of pixels for every point of every animal. */

import { levelFor, type RowRange, spanOf } from '../../engine/timeline';
import type { ConfidencePicture, ResultData } from './resultData';

const ROW_PX = 3;
const MOST_PX = 72;

/**
 * Confidence in eight steps, least first: dark is sure, bright is not, and each step has the same share of the light of
 * the one before, so that every kind of colour vision can order them. What is missing is hatched.
 */
export const CONFIDENCE_STEPS = [
  '#f9c840',
  '#ffa340',
  '#f6835e',
  '#e16979',
  '#c35891',
  '#9a50a1',
  '#6e4aa4',
  '#3d4696',
] as const;
const PIXELS = CONFIDENCE_STEPS.map(pixelOf);
const HATCH_PX = 6;

export interface StripTheme {
  readonly ground: string;
  /** The lines that stand for what is missing. */
  readonly hatch: string;
}

interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

/** Draw the strip at its place; returns its height. */
export function drawStrip(
  context: CanvasRenderingContext2D,
  data: ResultData,
  range: RowRange,
  { left, top, width }: Place,
  theme: StripTheme,
): number {
  const nPoints = data.nKeypoints * data.nIndividuals;
  const height = Math.min(ROW_PX * nPoints, MOST_PX);
  const picture = data.leastConfidence(range, levelFor(data.levels, range, width / 2));
  if (picture.nColumns === 0 || nPoints === 0) return height;
  const pixelsPerRow = width / spanOf(range);
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  drawHatch(context, { left, top, width }, height, theme);
  // Few columns keep their edges; of many, each leaves a trace in its pixel.
  context.imageSmoothingEnabled = picture.nColumns > width;
  context.drawImage(
    canvasOf(picture, data.nKeypoints, data.nIndividuals),
    left + (picture.firstRow - range.start) * pixelsPerRow,
    top,
    picture.nColumns * picture.rowsPerColumn * pixelsPerRow,
    height,
  );
  context.restore();
  return height;
}

function drawHatch(
  context: CanvasRenderingContext2D,
  { left, top, width }: Place,
  height: number,
  theme: StripTheme,
): void {
  context.strokeStyle = theme.hatch;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = left - height; x < left + width; x += HATCH_PX) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
}

function canvasOf(
  { nColumns, values }: ConfidencePicture,
  nKeypoints: number,
  nIndividuals: number,
): HTMLCanvasElement {
  const nPoints = nKeypoints * nIndividuals;
  const canvas = document.createElement('canvas');
  canvas.width = nColumns;
  canvas.height = nPoints;
  const context = canvas.getContext('2d');
  if (!context) return canvas;
  const image = context.createImageData(nColumns, nPoints);
  const pixels = new Uint32Array(image.data.buffer);
  for (let place = 0; place < nPoints; place += 1) {
    // In the file the animals of a keypoint are neighbours; here the keypoints of an animal are.
    const row = (place % nIndividuals) * nKeypoints + Math.floor(place / nIndividuals);
    for (let column = 0; column < nColumns; column += 1) {
      const value = values[column * nPoints + place] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      pixels[row * nColumns + column] = PIXELS[stepOf(value)] ?? 0;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function stepOf(confidence: number): number {
  return Math.min(Math.max(Math.floor(confidence * PIXELS.length), 0), PIXELS.length - 1);
}

/** "#rrggbb" as the bytes of an opaque pixel, in the order of this computer's memory. */
function pixelOf(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return new Uint32Array(new Uint8Array([red ?? 0, green ?? 0, blue ?? 0, 255]).buffer)[0] ?? 0;
}
