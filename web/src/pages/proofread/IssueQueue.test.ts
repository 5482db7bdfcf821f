import { expect, test } from 'vitest';
import { placeAfter } from './IssueQueue';

test('arrows go on in the list of issues and stop at its ends', () => {
  expect(placeAfter('ArrowDown', 0, 3)).toBe(1);
  expect(placeAfter('ArrowDown', 2, 3)).toBe(2);
  expect(placeAfter('ArrowUp', 0, 3)).toBe(0);
  expect(placeAfter('End', 0, 3)).toBe(2);
  expect(placeAfter('Home', 2, 3)).toBe(0);
  expect(placeAfter('e', 1, 3)).toBe(-1);
  expect(placeAfter('ArrowDown', -1, 3)).toBe(-1);
});
