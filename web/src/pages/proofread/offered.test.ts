import { expect, test } from 'vitest';
import { offered, usualOf } from './offered';

const result = (id: string, individuals: string[], is_tracked: boolean, is_smoothed = false) => ({
  id,
  individuals,
  is_tracked,
  is_smoothed,
});
const one = result('o', ['mouse'], false);
const two = result('t', ['a', 'b'], false);
const left = result('l', ['a'], true);
const tracked = result('d', ['a', 'b'], true);
const smooth = result('s', ['a', 'b'], true, true);

test('results of several animals are offered, and tracks that a repair left alone', () => {
  expect(offered([one, two, left, tracked], null)).toEqual([two, left, tracked]);
  expect(offered([one, left], 'o')).toEqual([one, left]);
});

test('the latest tracks are shown first, before they were smoothed', () => {
  expect(usualOf([smooth, two, left, tracked])).toBe(left);
  expect(usualOf([two, smooth])).toBe(smooth);
  expect(usualOf([two, one])).toBe(two);
  expect(usualOf([])).toBeUndefined();
});
