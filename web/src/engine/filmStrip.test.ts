import { expect, test } from 'vitest';
import { frameAt, xOfFrame } from './filmStrip';

test('a frame lies in the middle of its part of the strip', () => {
  expect(xOfFrame(0, 4, 400)).toBe(50);
  expect(xOfFrame(3, 4, 400)).toBe(350);
  expect(xOfFrame(0, 0, 400)).toBe(200);
});

test('a click near a frame of the queue means that frame, elsewhere the frame that is there', () => {
  expect(frameAt(103, 10_000, 1000, [1000, 1100])).toBe(1000);
  expect(frameAt(108, 10_000, 1000, [1000, 1100])).toBe(1100);
  expect(frameAt(300, 10_000, 1000, [1000, 1100])).toBe(3000);
  expect(frameAt(300, 10_000, 1000, [])).toBe(3000);
});

test('the ends of the strip are the first and the last frame', () => {
  expect(frameAt(-20, 100, 1000, [])).toBe(0);
  expect(frameAt(1200, 100, 1000, [])).toBe(99);
  expect(frameAt(5, 0, 0, [])).toBe(0);
});
