import { expect, test } from 'vitest';
import { asDone, asSentence, framesIn } from './words';

test('a repair is told as done, and tracks keep their names', () => {
  expect(asDone('exchange track_1 and mia from frame 4 on')).toBe('exchanged track_1 and mia from frame 4 on');
  expect(asDone('confirm split in frames 1 to 2')).toBe('confirmed split in frames 1 to 2');
  expect(asDone('straighten mia')).toBe('straighten mia');
  expect(asSentence('join track_2 to track_1')).toBe('Joined track_2 to track_1');
});

test.each([
  ['exchange a and b from frame 40 on', { start: 40, stop: null }],
  ['delete a in frames 10 to 20', { start: 10, stop: 20 }],
  ['delete a up to frame 7', { start: null, stop: 7 }],
  ['split from frame 3 on at frame 40; the second part is b', { start: 40, stop: null }],
  ['delete a in all frames', null],
  ['join b to a', null],
])('the frames of "%s"', (description, frames) => {
  expect(framesIn(description)).toEqual(frames);
});
