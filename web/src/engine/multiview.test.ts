import { describe, expect, it } from 'vitest';
import { type Camera, project, type Vector3 } from './cameras';
import truth from './cameras.fixture.json';
import { imagePoint } from './geometry';
import { type FrameLabels, placed, proposed, UNLABELED } from './labels';
import { instanceAt, proposalFor, solve } from './multiview';

const cameras = truth.cameras.map(
  (camera) => ({ ...camera, size: { width: camera.size[0], height: camera.size[1] } }) as unknown as Camera,
);
const [nose, tail] = truth.points as unknown as [Vector3, Vector3];

function seen(camera: Camera, point: Vector3, dx = 0) {
  const at = project(camera, point);
  if (!at) throw new Error('behind the camera');
  return imagePoint(at.x + dx, at.y);
}

function labels(...points: FrameLabels['instances'][number]['points'][number][]): FrameLabels {
  return { instances: [{ id: 'a', individual: null, points }], noAnimal: false };
}

describe('points in space', () => {
  it('come from two views, and say how far each is off', () => {
    const [first, second, third] = cameras as [Camera, Camera, Camera];
    const views = [
      { camera: first, labels: labels(placed(seen(first, nose)), placed(seen(first, tail))) },
      { camera: second, labels: labels(placed(seen(second, nose)), UNLABELED) },
      { camera: third, labels: labels(UNLABELED, UNLABELED) },
    ];
    const [found, missing] = solve(views, 0, [], 2);
    found?.point.forEach((value, i) => {
      expect(value).toBeCloseTo(nose[i] ?? Number.NaN, 5);
    });
    expect([...(found?.errors.keys() ?? [])]).toEqual([first.name, second.name]);
    expect(Math.max(...(found?.errors.values() ?? []))).toBeLessThan(1e-6);
    expect(missing).toBeNull();
  });

  it('do not come from what was only proposed', () => {
    const views = cameras.map((camera, c) => ({
      camera,
      labels: labels(c === 0 ? placed(seen(camera, nose)) : proposed(seen(camera, nose))),
    }));
    expect(solve(views, 0, [], 1)).toEqual([null]);
  });

  it('are proposed where a view does not have them, and stay unconfirmed', () => {
    const [first, second, third] = cameras as [Camera, Camera, Camera];
    const views = [first, second].map((camera) => ({ camera, labels: labels(placed(seen(camera, nose))) }));
    const [instance] = proposalFor(third, solve(views, 0, [], 1), 'Mimi').instances;
    expect(instance?.individual).toBe('Mimi');
    expect(instance?.points[0]?.origin).toBe('model');
    expect(instance?.points[0]?.position?.x).toBeCloseTo(seen(third, nose).x, 5);
    expect(proposalFor(third, [null], null).instances).toEqual([]);
  });
});

it('knows animals by name, where they have names', () => {
  const two: FrameLabels = {
    instances: [
      { id: '1', individual: 'Bo', points: [] },
      { id: '2', individual: 'Al', points: [] },
    ],
    noAnimal: false,
  };
  expect(instanceAt(two, 0, ['Al', 'Bo'])?.id).toBe('2');
  expect(instanceAt(two, 0, [])?.id).toBe('1');
});
