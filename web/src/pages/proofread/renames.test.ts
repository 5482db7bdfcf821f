import { expect, test } from 'vitest';
import { choiceAs, renamesOf } from './renames';
import { NOTHING_CHOSEN } from './repairs';

test.each([
  ['a new name in its place', ['a', 'b', 'c'], ['a', '鼠 B', 'c'], [['b', '鼠 B']]],
  ['the same names', ['a', 'b'], ['a', 'b'], []],
  ['one track more', ['a', 'b'], ['a', 'b', 'c'], []],
  ['one joined, another one split', ['a', 'b', 'c'], ['b', 'c', 'd'], []],
  ['names that changed places', ['a', 'b'], ['b', 'a'], []],
])('%s', (_, before, after, renames) => {
  expect([...renamesOf(before, after)]).toEqual(renames);
});

test('a renamed track stays chosen', () => {
  const choice = { ...NOTHING_CHOSEN, first: 'a', second: 'b', start: 4 };
  expect(choiceAs(choice, (name) => (name === 'a' ? 'x' : name))).toEqual({ ...choice, first: 'x' });
  expect(choiceAs(NOTHING_CHOSEN, () => 'x')).toEqual(NOTHING_CHOSEN);
});
