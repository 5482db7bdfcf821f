/** Draws the image under the labels. Called only when the frame, the view or the canvas changed. */

import type { ScreenPoint, Size } from './geometry';
import type { View } from './view';

/** From this many CSS pixels an image pixel, pixels are shown as squares: smoothing would feign detail. */
const PIXELATED_FROM = 4;
const LOUPE_RADIUS_PX = 88;
const LOUPE_ZOOM = 4;

export function drawImageLayer(
  context: CanvasRenderingContext2D,
  picture: CanvasImageSource,
  image: Size,
  view: View,
  pixelRatio: number,
): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.imageSmoothingEnabled = view.scale < PIXELATED_FROM;
  context.drawImage(picture, view.offsetX, view.offsetY, image.width * view.scale, image.height * view.scale);
}

/** Draw a round magnified part of the image around the pointer, and in it what `drawInside` draws. */
export function drawLoupe(
  context: CanvasRenderingContext2D,
  picture: CanvasImageSource,
  image: Size,
  view: View,
  pointer: ScreenPoint,
  filter: string,
  drawInside: (context: CanvasRenderingContext2D) => void,
): void {
  const inside = loupeView(view, pointer);
  context.save();
  context.beginPath();
  context.arc(pointer.x, pointer.y, LOUPE_RADIUS_PX, 0, 2 * Math.PI);
  context.fillStyle = '#101318';
  context.fill();
  context.clip();
  context.filter = filter;
  context.imageSmoothingEnabled = inside.scale < PIXELATED_FROM;
  const [width, height] = [image.width * inside.scale, image.height * inside.scale];
  context.drawImage(picture, inside.offsetX, inside.offsetY, width, height);
  context.filter = 'none';
  drawInside(context);
  context.restore();
  context.beginPath();
  context.arc(pointer.x, pointer.y, LOUPE_RADIUS_PX, 0, 2 * Math.PI);
  context.strokeStyle = 'rgba(10, 12, 16, 0.8)';
  context.lineWidth = 4;
  context.stroke();
  context.strokeStyle = '#ffffff';
  context.lineWidth = 1.5;
  context.stroke();
}

/** The view inside the loupe: the image point under the pointer stays under it. */
export function loupeView(view: View, pointer: ScreenPoint): View {
  return {
    scale: view.scale * LOUPE_ZOOM,
    offsetX: pointer.x - (pointer.x - view.offsetX) * LOUPE_ZOOM,
    offsetY: pointer.y - (pointer.y - view.offsetY) * LOUPE_ZOOM,
  };
}
