import { describe, expect, it } from 'vitest';
import { imagePoint } from '../../engine/geometry';
import type { ResultData } from '../results/resultData';
import { boxOf } from './useCloseness';

/** Two animals of two points; the first walks 10 px a row to the right, the second is not there. */
const data = {
  pose: (row: number) => [
    [
      { position: imagePoint(10 * row, 0), confidence: 1 },
      { position: imagePoint(10 * row, 20), confidence: 1 },
    ],
    [{ position: null, confidence: null }],
  ],
  centres: (row: number) => [imagePoint(10 * row, 10), null],
} as unknown as ResultData;

describe('the box to be close to', () => {
  it('holds the animal and its way, with air around it', () => {
    // x from 0 to 40, y from 0 to 20, and 0.15 of the longer side around it.
    expect(boxOf(data, 2, { who: [0], rows: { start: 0, stop: 5 } })).toEqual({
      left: -6,
      right: 46,
      top: -6,
      bottom: 26,
    });
  });

  it('is none where nobody is', () => {
    expect(boxOf(data, 2, { who: [1], rows: { start: 0, stop: 5 } })).toBeNull();
  });
});
