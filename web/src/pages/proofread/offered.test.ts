import { expect, test } from 'vitest';
import { keepAsTracks, knownAsTracks, offered, usualOf } from './offered';

const result = (id: string, name: string, ...individuals: string[]) => ({ id, name, individuals });
const clip = result('c', 'clip', 'track_1');
const one = result('o', 'one', 'mouse');
const two = result('t', 'two', 'a', 'b');
const tracked = result('d', 'day-tracks', 'a');

test('results of several animals are offered, and tracks that a repair left alone', () => {
  expect(offered([clip, one, two, tracked], null, [])).toEqual([two, tracked]);
  expect(offered([clip, one], null, ['c'])).toEqual([clip]);
  expect(offered([clip, one], 'o', [])).toEqual([one]);
});

test('tracks are shown first, then what was open last', () => {
  expect(usualOf([two, clip, tracked], ['c'])).toBe(tracked);
  expect(usualOf([two, clip], ['gone', 'c'])).toBe(clip);
  expect(usualOf([two, clip], [])).toBe(two);
});

test('what was open is known again, project by project', () => {
  keepAsTracks('p', 'a');
  keepAsTracks('p', 'b');
  keepAsTracks('p', 'a');
  expect(knownAsTracks('p')).toEqual(['a', 'b']);
  expect(knownAsTracks('q')).toEqual([]);
});
