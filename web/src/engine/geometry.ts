/**
 * Points and boxes in the two spaces of the canvas.
 *
 * Image space is that of the whole project: (x, y) in pixels of the original frame, the centre of the top-left
 * pixel is (0, 0). Screen space is CSS pixels from the top-left corner of the canvas. The brands keep one from
 * being passed for the other.
 */

declare const space: unique symbol;

interface Xy {
  readonly x: number;
  readonly y: number;
}

export type ImagePoint = Xy & { readonly [space]?: 'image' };
export type ScreenPoint = Xy & { readonly [space]?: 'screen' };

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A box in image space; both corners belong to it. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const imagePoint = (x: number, y: number): ImagePoint => ({ x, y });
export const screenPoint = (x: number, y: number): ScreenPoint => ({ x, y });

export function distance(a: Xy, b: Xy): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** The mean of the points, or null where there are none. */
export function centroid(points: readonly ImagePoint[]): ImagePoint | null {
  if (points.length === 0) return null;
  const sum = points.reduce((total, point) => ({ x: total.x + point.x, y: total.y + point.y }), { x: 0, y: 0 });
  return imagePoint(sum.x / points.length, sum.y / points.length);
}

/** The smallest box around the points, or null where there are none. */
export function boundsOf(points: readonly ImagePoint[]): Box | null {
  if (points.length === 0) return null;
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** `point` turned around `centre` by `radians`; positive angles turn clockwise on the screen, as y points down. */
export function rotateAround(point: ImagePoint, centre: ImagePoint, radians: number): ImagePoint {
  const [dx, dy] = [point.x - centre.x, point.y - centre.y];
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  return imagePoint(centre.x + cos * dx - sin * dy, centre.y + sin * dx + cos * dy);
}

/** The nearest point to `point` whose pixel lies in an image of `size`. */
export function clampToImage(point: ImagePoint, size: Size): ImagePoint {
  return imagePoint(
    Math.min(Math.max(point.x, -0.5), size.width - 0.5),
    Math.min(Math.max(point.y, -0.5), size.height - 0.5),
  );
}
