/**
 * Several calibrated cameras in the browser: projection, its inverse, epipolar lines, triangulation.
 *
 * The model is that of `marey.cameras`: a point X of the world is at R X + t in the camera's frame (x to the right, y
 * down, z ahead); a lens bends (x/z, y/z), with OpenCV's coefficients (Brown 1966; Kannala and Brandt 2006 for a
 * fisheye); the matrix makes pixels, whose centres are integers.
 */

import { type ImagePoint, imagePoint, type Size } from './geometry';

export type Vector3 = readonly [number, number, number];
export type Matrix3 = readonly [Vector3, Vector3, Vector3];

export interface Camera {
  readonly name: string;
  readonly size: Size;
  readonly matrix: Matrix3;
  /** k1, k2, p1, p2, k3 and perhaps k4, k5, k6; or k1 to k4 of a fisheye. */
  readonly distortion: readonly number[];
  readonly fisheye: boolean;
  /** World to camera. */
  readonly rotation: Matrix3;
  readonly translation: Vector3;
  readonly centre: Vector3;
}

/** What a camera sees of a point. */
export interface Sighting {
  readonly camera: Camera;
  readonly pixel: ImagePoint;
}

type Pair = readonly [number, number];

const MAX_STEPS = 60;
const CONVERGED = 1e-12;
const SMALL = 1e-8;
const N_SAMPLES = 96;
const REFINING_STEPS = 8;

const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const apply = (m: Matrix3, v: Vector3): Vector3 => [dot(m[0], v), dot(m[1], v), dot(m[2], v)];
const along = (origin: Vector3, direction: Vector3, by: number): Vector3 => [
  origin[0] + by * direction[0],
  origin[1] + by * direction[1],
  origin[2] + by * direction[2],
];

/** Where a point of the world appears; null behind the camera. */
export function project(camera: Camera, point: Vector3): ImagePoint | null {
  const [x, y, z] = inCamera(camera, point);
  if (!(z > 0)) return null;
  const bent = bend(camera, [x / z, y / z]);
  const [u, v] = camera.matrix;
  return imagePoint(u[0] * bent[0] + u[1] * bent[1] + u[2], v[0] * bent[0] + v[1] * bent[1] + v[2]);
}

/** The straight ray (x, y, 1) in the camera's frame that ends in a pixel; null where no ray does. */
export function undistort(camera: Camera, pixel: ImagePoint): Pair | null {
  const [[a, b, cx], [c, d, cy]] = camera.matrix;
  const [dx, dy, det] = [pixel.x - cx, pixel.y - cy, a * d - b * c];
  const landed: Pair = [(d * dx - b * dy) / det, (a * dy - c * dx) / det];
  let guess = firstGuess(camera, landed);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const at = bend(camera, guess);
    const missing: Pair = [landed[0] - at[0], landed[1] - at[1]];
    const [xx, xy, yx, yy] = slopeOf(camera, guess);
    const slope = xx * yy - xy * yx;
    // Beyond the place where a lens model folds back, nothing that it says is so.
    if (!(slope > 0 && xx + yy > 0)) return null;
    if (Math.max(Math.abs(missing[0]), Math.abs(missing[1])) < CONVERGED * (1 + Math.hypot(...landed))) return guess;
    guess = [
      guess[0] + (yy * missing[0] - xy * missing[1]) / slope,
      guess[1] + (xx * missing[1] - yx * missing[0]) / slope,
    ];
  }
  return null;
}

/** The direction in the world, of length 1, from the camera's centre through a pixel. */
export function rayOf(camera: Camera, pixel: ImagePoint): Vector3 | null {
  const flat = undistort(camera, pixel);
  if (!flat) return null;
  const [r0, r1, r2] = camera.rotation;
  const [x, y] = flat;
  const ray: Vector3 = [x * r0[0] + y * r1[0] + r2[0], x * r0[1] + y * r1[1] + r2[1], x * r0[2] + y * r1[2] + r2[2]];
  const length = Math.hypot(...ray);
  return [ray[0] / length, ray[1] / length, ray[2] / length];
}

/** Where in `other` a point may be that `camera` sees at `pixel`: a curve, as lenses bend lines. Pieces lie in the image. */
export function epipolarLine(camera: Camera, pixel: ImagePoint, other: Camera): ImagePoint[][] {
  const ray = rayOf(camera, pixel);
  if (!ray) return [];
  const baseline = Math.hypot(...camera.centre.map((value, i) => value - (other.centre[i] ?? 0)));
  const pieces: ImagePoint[][] = [];
  let piece: ImagePoint[] = [];
  // From very near to very far: equal steps of an angle are about equal steps along the line.
  for (let i = 1; i < N_SAMPLES; i += 1) {
    const depth = baseline * Math.tan((i / N_SAMPLES) * (Math.PI / 2));
    const seen = projectInView(other, along(camera.centre, ray, depth));
    if (seen) {
      piece.push(seen);
    } else if (piece.length > 0) {
      pieces.push(piece);
      piece = [];
    }
  }
  if (piece.length > 0) pieces.push(piece);
  return pieces.filter((points) => points.length > 1);
}

/** The point that is nearest to what two or more cameras see, by least squares in pixels; null where there is none. */
export function triangulate(sightings: readonly Sighting[]): Vector3 | null {
  let point = nearestToRays(sightings);
  for (let step = 0; point && step < REFINING_STEPS; step += 1) {
    const better = refined(sightings, point);
    if (!better) break;
    point = better;
  }
  return point && sightings.every(({ camera }) => inCamera(camera, point as Vector3)[2] > 0) ? point : null;
}

/** How far from where a camera sees a point it is projected, in pixels; NaN behind the camera. */
export function reprojectionError({ camera, pixel }: Sighting, point: Vector3): number {
  const seen = project(camera, point);
  return seen ? Math.hypot(seen.x - pixel.x, seen.y - pixel.y) : Number.NaN;
}

export function isInImage({ size }: Camera, { x, y }: ImagePoint, margin = 0): boolean {
  return x >= -0.5 - margin && y >= -0.5 - margin && x <= size.width - 0.5 + margin && y <= size.height - 0.5 + margin;
}

function inCamera({ rotation, translation }: Camera, point: Vector3): Vector3 {
  const [x, y, z] = apply(rotation, point);
  return [x + translation[0], y + translation[1], z + translation[2]];
}

/** Far outside of the image a lens model may come back into it: only what can be undone counts. */
function projectInView(camera: Camera, point: Vector3): ImagePoint | null {
  const seen = project(camera, point);
  if (!seen || !isInImage(camera, seen, Math.max(camera.size.width, camera.size.height) / 10)) return null;
  const back = undistort(camera, seen);
  const [x, y, z] = inCamera(camera, point);
  return back && Math.hypot(back[0] - x / z, back[1] - y / z) < 1e-6 ? seen : null;
}

function bend(camera: Camera, [x, y]: Pair): Pair {
  const [k1 = 0, k2 = 0, p1 = 0, p2 = 0, k3 = 0, k4 = 0, k5 = 0, k6 = 0] = camera.distortion;
  if (camera.fisheye) {
    const r = Math.max(Math.hypot(x, y), SMALL);
    const angle = Math.atan(r);
    const a2 = angle * angle;
    const scale = (angle / r) * (1 + a2 * (k1 + a2 * (k2 + a2 * (p1 + a2 * p2))));
    return [x * scale, y * scale];
  }
  const r2 = x * x + y * y;
  const radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)));
  const sideways = 2 * (p1 * y + p2 * x);
  return [x * (radial + sideways) + p2 * r2, y * (radial + sideways) + p1 * r2];
}

function slopeOf(camera: Camera, [x, y]: Pair): readonly [number, number, number, number] {
  const h = 1e-6 * (1 + Math.hypot(x, y));
  const [right, left] = [bend(camera, [x + h, y]), bend(camera, [x - h, y])];
  const [below, above] = [bend(camera, [x, y + h]), bend(camera, [x, y - h])];
  const d = 2 * h;
  return [(right[0] - left[0]) / d, (below[0] - above[0]) / d, (right[1] - left[1]) / d, (below[1] - above[1]) / d];
}

/** Begin on the side of the solution from which Newton's steps do not overshoot. */
function firstGuess(camera: Camera, landed: Pair): Pair {
  if (!camera.fisheye) return landed;
  const radius = Math.hypot(...landed);
  const grown = radius > SMALL ? Math.tan(Math.min(radius, 1.4)) / radius : 1;
  return [landed[0] * grown, landed[1] * grown];
}

/** The point with the least sum of squared distances from the rays. */
function nearestToRays(sightings: readonly Sighting[]): Vector3 | null {
  const matrix: Rows = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  const right: Triple = [0, 0, 0];
  let n = 0;
  for (const { camera, pixel } of sightings) {
    const ray = rayOf(camera, pixel);
    if (!ray) continue;
    n += 1;
    eachPair((i, j) => {
      const value = (i === j ? 1 : 0) - ray[i] * ray[j];
      matrix[i][j] += value;
      right[i] += value * camera.centre[j];
    });
  }
  return n < 2 ? null : solve(matrix, right);
}

/** One Gauss-Newton step on the reprojection error. */
function refined(sightings: readonly Sighting[], point: Vector3): Vector3 | null {
  const matrix: Rows = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  const right: Triple = [0, 0, 0];
  for (const { camera, pixel } of sightings) {
    const h = 1e-5 * Math.max(inCamera(camera, point)[2], SMALL);
    const at = project(camera, point);
    if (!at) return null;
    const slopes = AXES.map((axis) => {
      const [a, b] = [project(camera, along(point, axis, h)), project(camera, along(point, axis, -h))];
      return a && b ? ([(a.x - b.x) / (2 * h), (a.y - b.y) / (2 * h)] as const) : ([0, 0] as const);
    });
    const [dx, dy] = [pixel.x - at.x, pixel.y - at.y];
    eachPair((i, j) => {
      const [a, b] = [slopes[i] ?? NO_SLOPE, slopes[j] ?? NO_SLOPE];
      matrix[i][j] += a[0] * b[0] + a[1] * b[1];
      if (j === 0) right[i] += a[0] * dx + a[1] * dy;
    });
  }
  const step = solve(matrix, right);
  return step && [point[0] + step[0], point[1] + step[1], point[2] + step[2]];
}

type Triple = [number, number, number];
type Rows = [Triple, Triple, Triple];
type Axis = 0 | 1 | 2;

const NO_SLOPE: Pair = [0, 0];
const AXES: readonly Vector3[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

function eachPair(act: (i: Axis, j: Axis) => void): void {
  for (const i of [0, 1, 2] as const) for (const j of [0, 1, 2] as const) act(i, j);
}

function cross(a: Vector3, b: Vector3): Vector3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** Cramer's rule; null for parallel rays. */
function solve([a, b, c]: Rows, right: Vector3): Vector3 | null {
  const [bc, ca, ab] = [cross(b, c), cross(c, a), cross(a, b)];
  const determinant = dot(a, bc);
  const size = Math.hypot(...a) * Math.hypot(...b) * Math.hypot(...c);
  if (!(Math.abs(determinant) > 1e-12 * size)) return null;
  const part = (i: Axis) => (right[0] * bc[i] + right[1] * ca[i] + right[2] * ab[i]) / determinant;
  return [part(0), part(1), part(2)];
}
