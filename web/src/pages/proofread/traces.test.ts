import { expect, test } from 'vitest';
import { NOTHING_CHOSEN } from './repairs';
import { hubOf, tracedOf } from './traces';

const NAMES = ['ada', 'ben', 'cleo'];

test('chosen tracks are traced, and all where none is chosen', () => {
  expect(tracedOf(NOTHING_CHOSEN, NAMES)).toEqual([0, 1, 2]);
  expect(tracedOf({ ...NOTHING_CHOSEN, first: 'ben' }, NAMES)).toEqual([1]);
  expect(tracedOf({ ...NOTHING_CHOSEN, first: 'cleo', second: 'ada' }, NAMES)).toEqual([2, 0]);
});

test('a track that is gone is not traced', () => {
  expect(tracedOf({ ...NOTHING_CHOSEN, first: 'gone', second: 'ben' }, NAMES)).toEqual([1]);
  expect(tracedOf({ ...NOTHING_CHOSEN, first: 'gone' }, NAMES)).toEqual([0, 1, 2]);
});

test('the traced point is the one that most others hang on', () => {
  const edges = [
    ['thorax', 'head'],
    ['thorax', 'abdomen'],
    ['head', 'eye'],
    ['thorax', 'wing'],
  ] as const;
  expect(hubOf(['head', 'eye', 'thorax', 'abdomen', 'wing'], edges)).toBe(2);
  expect(hubOf(['a', 'b'], [])).toBe(0);
});
