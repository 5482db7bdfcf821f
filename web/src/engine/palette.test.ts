import { describe, expect, it } from 'vitest';
import { coloursFor, SHAPES, shapeOf } from './palette';

describe('the palette', () => {
  it('is that of Okabe and Ito while it suffices', () => {
    expect(coloursFor(2)).toEqual(['#56b4e9', '#e69f00']);
    expect(coloursFor(0)).toEqual([]);
  });

  it('is that of the labelled videos', () => {
    const colours = coloursFor(12);
    expect([colours[0], colours[5], colours[11]]).toEqual(['#373ba7', '#4ca564', '#ffd2e6']);
  });

  it('rises in lightness beyond that, without repeating', () => {
    const colours = coloursFor(20);
    const luminance = colours.map((colour) => {
      const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    });
    expect(new Set(colours).size).toBe(20);
    expect([...luminance].sort((a, b) => a - b)).toEqual(luminance);
  });

  it('gives every keypoint a shape', () => {
    expect(shapeOf(0)).toBe('circle');
    expect(shapeOf(SHAPES.length)).toBe('circle');
  });
});
