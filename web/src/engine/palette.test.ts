import { describe, expect, it } from 'vitest';
import { coloursFor, coloursForAnimals, coloursOf, inkOn, linesOn, SHAPES, shapeOf } from './palette';

/** The contrast of a colour with a grey, by WCAG 2.2. */
const contrastWith = (grey: number) => (colour: string) => {
  const light = (byte: number) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => light(Number.parseInt(colour.slice(i, i + 2), 16)));
  const pair = [0.2126 * r + 0.7152 * g + 0.0722 * b, light(grey)];
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
};

const ROUND = ['#c5d88d', '#417fd8', '#833e2d', '#3fedc3', '#936fad', '#784c00', '#81dcff'];

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

  it('gives animals the colours of labelled videos, which differ between neighbours', () => {
    const colours = coloursForAnimals(14);
    expect(colours.slice(0, 7)).toEqual(coloursFor(7));
    expect(colours.slice(7)).toEqual(ROUND);
    expect(coloursForAnimals(9)).toEqual(colours.slice(0, 9));
    expect(new Set(coloursForAnimals(40)).size).toBe(40);
  });

  it('has lines that are seen on any ground', () => {
    // Yellow and pink are lost on white, deep blue on a dark ground; what is seen stays as it is.
    const onWhite = linesOn('#ffffff', ['#f0e442', '#ffd2e6', '#0072b2']);
    expect(onWhite[2]).toBe('#0072b2');
    expect(onWhite[0]).toMatch(/^#[0-9a-f]{6}$/);
    const [yellow, pink] = onWhite.map(contrastWith(255));
    expect(yellow).toBeGreaterThan(3);
    expect(pink).toBeGreaterThan(3);
    const [blue] = linesOn('#1a1d21', ['#373ba7']).map(contrastWith(29));
    expect(blue).toBeGreaterThan(2.9);
  });

  it('reads grounds as built style sheets write them', () => {
    const colours = ['#f0e442', '#ffd2e6', '#0072b2'];
    expect(linesOn('#fff', colours)).toEqual(linesOn('#ffffff', colours));
    expect(linesOn('#123', colours)).toEqual(linesOn('#112233', colours));
    expect(inkOn('#FFF')).toBe('#000000');
  });

  it.each(['', 'white', '#ffff', '#fffff', 'rgb(255, 255, 255)'])('refuses “%s” as a ground', (ground) => {
    expect(() => linesOn(ground, ['#f0e442'])).toThrow(`Expected a colour as #rgb or #rrggbb, got “${ground}”`);
  });

  describe('of a result', () => {
    const keypoints = ['head', 'neck', 'thorax', 'wing', 'tail', 'eye', 'leg', 'foot'];
    const usual = Object.fromEntries(coloursFor(8).map((colour, k) => [keypoints[k], colour]));

    it('is for as many keypoints as the result has', () => {
      expect(coloursOf(['head', 'thorax'], { keypoints, colours: usual })).toEqual(coloursFor(2));
      expect(coloursOf(keypoints, { keypoints, colours: usual })).toEqual(coloursFor(8));
    });

    it('keeps what somebody chose', () => {
      const colours = { ...usual, thorax: '#ff0000' };
      expect(coloursOf(['head', 'thorax'], { keypoints, colours })).toEqual(['#56b4e9', '#ff0000']);
    });

    it('needs no project, and none that knows the keypoints', () => {
      expect(coloursOf(['head', 'thorax'], undefined)).toEqual(coloursFor(2));
      expect(coloursOf(['nose'], { keypoints, colours: usual })).toEqual(coloursFor(1));
    });
  });

  it('has ink that is read on each', () => {
    expect([inkOn('#ffd2e6'), inkOn('#373ba7'), inkOn('#f0e442')]).toEqual(['#000000', '#ffffff', '#000000']);
  });

  it('gives every keypoint a shape', () => {
    expect(shapeOf(0)).toBe('circle');
    expect(shapeOf(SHAPES.length)).toBe('circle');
  });
});
