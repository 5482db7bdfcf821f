import { expect, test } from 'vitest';
import { slotsOf, titleOf } from './slots';
import { at, frameOf, instanceOf } from './testing';

const FLIES = ['female', 'male'];
const female = instanceOf('a', [at(1, 1)], 'female');
const stranger = instanceOf('b', [at(5, 5)]);
const gone = instanceOf('c', [at(9, 9)], 'of old');

test('an empty frame offers every individual of the project, and one more', () => {
  expect(slotsOf(frameOf(), FLIES).map(({ name, instance }) => [name, instance])).toEqual([
    ['female', null],
    ['male', null],
    [null, null],
  ]);
});

test('an animal without a name, or with one that the project does not know, can be chosen as well', () => {
  const slots = slotsOf(frameOf(stranger, gone, female), FLIES);
  expect(slots.map(({ instance }) => instance?.id ?? null)).toEqual(['a', null, 'b', 'c', null]);
  expect(slots.map(titleOf)).toEqual(['1 female', '2 male', '3', '4 of old', '5']);
});

test('without names, animals are in their own order', () => {
  expect(slotsOf(frameOf(stranger), []).map(({ instance }) => instance?.id ?? null)).toEqual(['b', null]);
});
