import { expect, test } from 'vitest';
import { boxBetween, fitBox } from './box';

const FRAME = { width: 640, height: 480 };

test('a box is the same from whichever corner it is drawn', () => {
  expect(boxBetween([100, 50], [300, 200], FRAME)).toEqual([100, 50, 200, 150]);
  expect(boxBetween([300, 200], [100, 50], FRAME)).toEqual([100, 50, 200, 150]);
});

test('a box stays inside of the frame', () => {
  expect(boxBetween([-20, -20], [900, 900], FRAME)).toEqual([0, 0, 640, 480]);
  expect(boxBetween([900, 900], [950, 950], FRAME)).toEqual([639, 479, 1, 1]);
  expect(fitBox([600, 10, 100, 0], FRAME)).toEqual([600, 10, 40, 1]);
});
