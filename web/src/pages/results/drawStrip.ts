/** Draws how sure every point is over time, as one picture: a row of pixels for every point of every animal. */

import { levelFor, type RowRange, spanOf } from '../../engine/timeline';
import type { ConfidencePicture, ResultData } from './resultData';

const ROW_PX = 3;
const MOST_PX = 72;

/** Confidence in eight steps, least first: dark is sure, bright is not. What is missing stays empty. */
const STEPS = ['#ffd166', '#f4a259', '#d9756b', '#b0567c', '#83468a', '#5b3f8f', '#3c3a86', '#2b3470'];
const PIXELS = STEPS.map(pixelOf);

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
  return Math.min(Math.max(Math.floor(confidence * STEPS.length), 0), STEPS.length - 1);
}

/** "#rrggbb" as the bytes of an opaque pixel, in the order of this computer's memory. */
function pixelOf(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return new Uint32Array(new Uint8Array([red ?? 0, green ?? 0, blue ?? 0, 255]).buffer)[0] ?? 0;
}
