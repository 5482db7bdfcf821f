import { describe, expect, it } from 'vitest';
import type { Vector3 } from './cameras';
import { type Camera, epipolarLine, project, rayOf, reprojectionError, triangulate, undistort } from './cameras';
import truth from './cameras.fixture.json';
import { imagePoint } from './geometry';

const cameras = truth.cameras.map(
  (camera) => ({ ...camera, size: { width: camera.size[0], height: camera.size[1] } }) as unknown as Camera,
);
const points = truth.points as unknown as Vector3[];
const seenBy = (c: number, p: number) => {
  const [x = Number.NaN, y = Number.NaN] = truth.cameras[c]?.pixels[p] ?? [];
  return imagePoint(x, y);
};

describe('the cameras of the library', () => {
  it.each(cameras.map((camera, c) => [camera.name, camera, c] as const))(
    '%s: projects as Python does',
    (_, camera, c) => {
      points.forEach((point, p) => {
        const seen = project(camera, point);
        expect(seen?.x).toBeCloseTo(seenBy(c, p).x, 8);
        expect(seen?.y).toBeCloseTo(seenBy(c, p).y, 8);
      });
    },
  );

  it.each(cameras.map((camera, c) => [camera.name, camera, c] as const))(
    '%s: undoes its lens as Python does',
    (_, camera, c) => {
      points.forEach((_point, p) => {
        const flat = undistort(camera, seenBy(c, p));
        expect(flat?.[0]).toBeCloseTo(truth.cameras[c]?.rays[p]?.[0] ?? Number.NaN, 9);
        expect(flat?.[1]).toBeCloseTo(truth.cameras[c]?.rays[p]?.[1] ?? Number.NaN, 9);
      });
    },
  );
});

describe('triangulation', () => {
  it('finds the point that all cameras see', () => {
    points.forEach((point, p) => {
      const found = triangulate(cameras.map((camera, c) => ({ camera, pixel: seenBy(c, p) })));
      point.forEach((value, i) => {
        expect(found?.[i]).toBeCloseTo(value, 5);
      });
    });
  });

  it('says by how many pixels they disagree', () => {
    const sightings = cameras.slice(0, 2).map((camera, c) => ({ camera, pixel: seenBy(c, 1) }));
    const found = triangulate(sightings);
    expect(found && Math.max(...sightings.map((one) => reprojectionError(one, found)))).toBeLessThan(1e-6);
    const [first] = sightings;
    const wrong = first && { ...first, pixel: imagePoint(first.pixel.x + 3, first.pixel.y + 4) };
    expect(wrong && found && reprojectionError(wrong, found)).toBeCloseTo(5, 6);
  });

  it('needs two rays that are not parallel', () => {
    const [camera] = cameras;
    if (!camera) throw new Error('no camera');
    const one = { camera, pixel: seenBy(0, 0) };
    expect(triangulate([one])).toBeNull();
    expect(triangulate([one, one])).toBeNull();
    expect(triangulate([])).toBeNull();
  });
});

describe('epipolar lines', () => {
  it('pass through the point in every other view, however the lenses bend them', () => {
    cameras.forEach((camera, a) => {
      cameras.forEach((other, b) => {
        if (a === b) return;
        points.forEach((_point, p) => {
          const pieces = epipolarLine(camera, seenBy(a, p), other);
          const target = seenBy(b, p);
          const gaps = pieces.flatMap((piece) => piece.slice(1).map((end, i) => gap(target, piece[i] ?? end, end)));
          // Between two samples a bent line is a little beside the chord.
          expect(Math.min(...gaps)).toBeLessThan(0.6);
        });
      });
    });
  });
});

it('sees nothing behind a camera', () => {
  const [camera] = cameras;
  if (!camera) throw new Error('no camera');
  const ray = rayOf(camera, seenBy(0, 0)) ?? [0, 0, 0];
  const behind: Vector3 = [camera.centre[0] - ray[0], camera.centre[1] - ray[1], camera.centre[2] - ray[2]];
  expect(project(camera, behind)).toBeNull();
});

/** The distance of a point from a stretch of line. */
function gap(p: { x: number; y: number }, a: { x: number; y: number }, b: { x: number; y: number }): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const t = Math.min(Math.max(((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1), 0), 1);
  return Math.hypot(a.x + t * dx - p.x, a.y + t * dy - p.y);
}
