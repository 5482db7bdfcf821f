import { describe, expect, it } from 'vitest';
import { applyEdits, inverted } from './commands';
import { imagePoint } from './geometry';
import { emptyInstance, isUnconfirmed, movedTo, nextMissing, placed, stateOf, UNLABELED } from './labels';
import { limbFrom } from './limbs';
import * as operations from './operations';
import { at, frameOf, instanceOf, MOUSE, maybe } from './testing';

const IMAGE = { width: 100, height: 80 };
const SNOUT = { instance: 'a', keypoint: 0 };
const newId = () => 'new';

describe('placing and moving', () => {
  it('keeps positions inside the image, to a hundredth of a pixel', () => {
    const labels = frameOf(instanceOf('a', []));
    const edits = operations.placePoint(labels, SNOUT, imagePoint(-20, 12.3456), IMAGE);
    expect(applyEdits(labels, edits).instances[0]?.points[0]).toEqual(placed(imagePoint(-0.5, 12.35)));
  });

  it('is undone by the inverted edits, exactly', () => {
    const labels = frameOf(instanceOf('a', [at(1, 2), maybe(3, 4, 0.5)]), instanceOf('b', [at(9, 9)]));
    const changes = [
      operations.placePoint(labels, SNOUT, imagePoint(5, 5), IMAGE, true),
      operations.acceptAll(labels),
      operations.swapSides(labels, 'a', MOUSE),
      operations.moveInstance(labels, 'a', 3, -1),
      operations.rotateInstance(labels, 'a', 1),
      operations.removeInstance(labels, 'a'),
      operations.nameInstance(labels, 'b', 'Ada'),
      operations.addInstance(labels, emptyInstance('c', 5)),
      operations.clearPoint(labels, SNOUT),
      operations.toggleNoAnimal(labels),
      operations.fillMissing(labels, frameOf(instanceOf('x', [at(0, 0), at(1, 1), at(2, 2)])), newId),
    ];
    for (const edits of changes) {
      expect(edits).not.toEqual([]);
      const after = applyEdits(labels, edits);
      expect(after).not.toEqual(labels);
      expect(applyEdits(after, inverted(edits))).toEqual(labels);
    }
  });

  it('says that nothing changed when nothing does', () => {
    const labels = frameOf(instanceOf('a', [at(1, 2)]));
    expect(operations.placePoint(labels, SNOUT, imagePoint(1, 2), IMAGE)).toEqual([]);
    expect(operations.acceptAll(labels)).toEqual([]);
    expect(operations.toggleOccluded(labels, { instance: 'a', keypoint: 3 })).toEqual([]);
  });

  it('keeps an occluded point occluded when it is moved, and confirms it', () => {
    const moved = movedTo({ ...maybe(1, 1), visibility: 'occluded' }, imagePoint(2, 2));
    expect(moved).toEqual(placed(imagePoint(2, 2), 'occluded'));
  });

  it('turns an animal by a quarter around its middle', () => {
    const labels = frameOf(instanceOf('a', [at(0, 0), at(10, 0)]));
    const turned = applyEdits(labels, operations.rotateInstance(labels, 'a', Math.PI / 2)).instances[0];
    expect(turned?.points[0]?.position).toEqual({ x: 5, y: -5 });
    expect(turned?.points[1]?.position).toEqual({ x: 5, y: 5 });
  });

  it('swaps whatever is known of left and right, also what is missing', () => {
    const labels = frameOf(instanceOf('a', [at(0, 0), at(1, 1)]));
    const points = applyEdits(labels, operations.swapSides(labels, 'a', MOUSE)).instances[0]?.points;
    expect(points?.[1]).toEqual(UNLABELED);
    expect(points?.[2]).toEqual(at(1, 1));
  });
});

describe('filling', () => {
  it('leaves what a person said alone and confirms nothing', () => {
    const mine = instanceOf('a', [at(1, 1), { ...UNLABELED, visibility: 'absent' }]);
    const source = frameOf(instanceOf('x', [at(7, 7), at(8, 8), at(9, 9)]));
    const labels = frameOf(mine);
    const points = applyEdits(labels, operations.fillMissing(labels, source, newId)).instances[0]?.points ?? [];
    expect(points.slice(0, 2)).toEqual(mine.points.slice(0, 2));
    expect(points[2]).toEqual(maybe(9, 9));
    expect(points.filter(isUnconfirmed)).toHaveLength(1);
  });

  it('puts another proposal in the place of one that nobody confirmed', () => {
    const labels = frameOf(instanceOf('a', [maybe(1, 1), at(2, 2)]));
    const source = frameOf(instanceOf('x', [at(7, 7), at(8, 8)]));
    const points = applyEdits(labels, operations.fillMissing(labels, source, newId)).instances[0]?.points ?? [];
    expect(points.slice(0, 2)).toEqual([maybe(7, 7), at(2, 2)]);
  });

  it('adds animals that are not there and pairs the others by name', () => {
    const labels = frameOf(instanceOf('a', [at(1, 1)], 'Ada'));
    const source = frameOf(instanceOf('x', [at(5, 5)], 'Bob'), instanceOf('y', [at(2, 2), at(3, 3)], 'Ada'));
    const filled = applyEdits(labels, operations.fillMissing(labels, source, newId)).instances;
    expect(filled.map((instance) => [instance.id, instance.individual])).toEqual([
      ['a', 'Ada'],
      ['new', 'Bob'],
    ]);
    expect(filled[0]?.points.slice(0, 2)).toEqual([at(1, 1), maybe(3, 3)]);
  });
});

describe('the state of a frame', () => {
  it('is that of what is left to do', () => {
    const full = MOUSE.keypoints.map((_, i) => at(i, i));
    expect(stateOf(frameOf())).toBe('unlabeled');
    expect(stateOf({ instances: [], noAnimal: true })).toBe('labeled');
    expect(stateOf(frameOf(instanceOf('a', [])))).toBe('unlabeled');
    expect(stateOf(frameOf(instanceOf('a', [at(1, 1)])))).toBe('partial');
    expect(stateOf(frameOf(instanceOf('a', full)))).toBe('labeled');
    expect(stateOf(frameOf(instanceOf('a', full), instanceOf('b', [maybe(1, 1)])))).toBe('unconfirmed');
  });

  it('goes round once for the next missing part', () => {
    const instance = instanceOf('a', [at(0, 0), UNLABELED, at(2, 2), at(3, 3), at(4, 4)]);
    expect(nextMissing(instance, 3)).toBe(1);
    expect(nextMissing(instance, 1)).toBe(1);
    expect(
      nextMissing(
        instanceOf(
          'a',
          MOUSE.keypoints.map(() => at(0, 0)),
        ),
        2,
      ),
    ).toBeNull();
  });
});

describe('a limb', () => {
  it('is what hangs on a keypoint, away from the middle of the body', () => {
    expect(limbFrom(MOUSE, 0)).toEqual([0]);
    expect(limbFrom(MOUSE, 3)).toEqual([0, 1, 2, 3, 4]);
    const chain = {
      ...MOUSE,
      edges: [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
      ] as const,
    };
    expect(limbFrom(chain, 3)).toEqual([3, 4]);
    expect(limbFrom(chain, 1)).toEqual([0, 1]);
  });

  it('is the keypoint alone where nothing is joined, and ends in a circle', () => {
    expect(limbFrom({ ...MOUSE, edges: [] }, 2)).toEqual([2]);
    const circle = {
      ...MOUSE,
      edges: [
        [0, 1],
        [1, 2],
        [2, 0],
      ] as const,
    };
    expect(limbFrom(circle, 1)).toEqual([1]);
  });
});

it('a name is borne once: who had it gets the name of the other', () => {
  const [ada, ben] = [instanceOf('a', [at(1, 1)], 'Ada'), instanceOf('b', [at(9, 9)], 'Ben')];
  const before = frameOf(ada, ben);
  const edits = operations.nameInstance(before, 'a', 'Ben');
  const after = applyEdits(before, edits);
  expect(after.instances.map(({ id, individual }) => [id, individual])).toEqual([
    ['a', 'Ben'],
    ['b', 'Ada'],
  ]);
  expect(applyEdits(after, inverted(edits))).toEqual(before);
  expect(operations.nameInstance(before, 'a', 'Ada')).toEqual([]);
  expect(applyEdits(before, operations.nameInstance(before, 'a', null)).instances[0]?.individual).toBeNull();
});
