import { expect, test } from 'vitest';
import { ABSENT, NO_LABELS } from './labels';
import { missingFrom } from './missing';
import { at, frameOf, instanceOf, MOUSE } from './testing';

const FULL = MOUSE.keypoints.map((_, i) => at(i, i));
const NAMES = ['female', 'male'];

test('a frame is complete where every part of every animal is known', () => {
  expect(missingFrom(frameOf(instanceOf('a', FULL)), [])).toEqual([]);
  expect(missingFrom(frameOf(instanceOf('a', [ABSENT, ...FULL.slice(1)])), [])).toEqual([]);
  expect(missingFrom(frameOf(instanceOf('a', FULL, 'female'), instanceOf('b', FULL, 'male')), NAMES)).toEqual([]);
  expect(missingFrom({ ...NO_LABELS, noAnimal: true }, NAMES)).toEqual([]);
});

test('missing parts are counted, and said whose they are where there are several animals', () => {
  expect(missingFrom(frameOf(instanceOf('a', FULL.slice(1))), [])).toEqual(['1 part is not placed']);
  expect(missingFrom(frameOf(instanceOf('a', FULL.slice(3), 'm')), ['m'])).toEqual(['3 parts are not placed']);
  const frame = frameOf(instanceOf('a', FULL.slice(1), 'female'), instanceOf('b', FULL.slice(2), 'male'));
  expect(missingFrom(frame, NAMES)).toEqual(['1 part of female is not placed', '2 parts of male are not placed']);
  expect(missingFrom(frameOf(instanceOf('a', FULL), instanceOf('b', FULL.slice(2))), [])).toEqual([
    '2 parts of animal 2 are not placed',
  ]);
});

test('an individual of the project that is not labelled at all is missing', () => {
  const female = frameOf(instanceOf('a', FULL, 'female'));
  expect(missingFrom(female, NAMES)).toEqual(['male is not labelled in this frame']);
  expect(missingFrom(female, ['female', 'b', 'c'])).toEqual(['b and c are not labelled in this frame']);
  expect(missingFrom(female, ['female', 'b', 'c', 'd'])).toEqual(['3 animals are not labelled in this frame']);
  expect(missingFrom(NO_LABELS, NAMES)).toEqual(['Nothing is labelled in this frame']);
});
