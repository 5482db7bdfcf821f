import { describe, expect, it } from 'vitest';
import { follow, levelFor, panRange, rowAt, spanOf, ticks, xOf, zoomRange } from './timeline';

const LEVELS = [
  { level: 0, framesPerBin: 16, nBins: 6250 },
  { level: 1, framesPerBin: 64, nBins: 1563 },
  { level: 2, framesPerBin: 256, nBins: 391 },
];
const ALL = { start: 0, stop: 100_000 };

describe('the level', () => {
  it('has at least a bin for every pixel column', () => {
    expect(levelFor(LEVELS, ALL, 1000)?.level).toBe(1);
    expect(levelFor(LEVELS, ALL, 300)?.level).toBe(2);
    expect(levelFor(LEVELS, { start: 0, stop: 1000 }, 1000)).toBeNull();
    expect(levelFor([], ALL, 1000)).toBeNull();
  });
});

describe('zooming and panning', () => {
  it('keeps the row under the pointer', () => {
    const range = { start: 1000, stop: 3000 };
    const zoomed = zoomRange(range, 0.25, 0.5, 100_000);
    expect(zoomed).toEqual({ start: 1250, stop: 2250 });
    expect(zoomed.start + 0.25 * spanOf(zoomed)).toBe(1500);
  });

  it('stays among the rows there are', () => {
    expect(zoomRange({ start: 0, stop: 50 }, 0.5, 1e6, 800)).toEqual({ start: 0, stop: 800 });
    expect(zoomRange({ start: 790, stop: 800 }, 1, 0.001, 800)).toEqual({ start: 780, stop: 800 });
    expect(panRange({ start: 0, stop: 100 }, -50, 800)).toEqual({ start: 0, stop: 100 });
    expect(panRange({ start: 600, stop: 700 }, 500, 800)).toEqual({ start: 700, stop: 800 });
    expect(zoomRange({ start: 0, stop: 5 }, 0.5, 0.5, 5)).toEqual({ start: 0, stop: 5 });
  });

  it('follows the row that is shown', () => {
    const range = { start: 100, stop: 200 };
    expect(follow(range, 150, 1000)).toBe(range);
    expect(follow(range, 200, 1000)).toEqual({ start: 175, stop: 275 });
    expect(follow(range, 99, 1000)).toEqual({ start: 24, stop: 124 });
  });
});

describe('rows and pixels', () => {
  it('correspond', () => {
    const range = { start: 10, stop: 20 };
    for (let row = 10; row < 20; row += 1) expect(rowAt(range, xOf(range, row, 200), 200, 1000)).toBe(row);
    expect(rowAt(range, -5, 200, 1000)).toBe(9);
    expect(rowAt(range, 1e6, 200, 1000)).toBe(999);
  });
});

describe('ticks', () => {
  it('are round', () => {
    expect(ticks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(ticks(3, 17, 4)).toEqual([5, 10, 15]);
    expect(ticks(5, 5, 4)).toEqual([]);
  });
});
