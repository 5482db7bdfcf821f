import { describe, expect, it } from 'vitest';
import { imagePoint, screenPoint } from './geometry';
import { fitBox, fitImage, nextView, panBy, resized, toImage, toScreen, type View, zoomAt } from './view';

const IMAGE = { width: 100, height: 50 };
const CANVAS = { width: 216, height: 216 };
const DOUBLE: View = { scale: 2, offsetX: 10, offsetY: 20 };

describe('a view', () => {
  it('puts the centre of the first pixel half a pixel into the image', () => {
    expect(toScreen(DOUBLE, imagePoint(0, 0))).toEqual({ x: 11, y: 21 });
    expect(toImage(DOUBLE, screenPoint(10, 20))).toEqual({ x: -0.5, y: -0.5 });
  });

  it('comes back from the screen to where it was in the image', () => {
    for (const [x, y] of [
      [0, 0],
      [99.25, -3],
      [1e4, 17.125],
    ] as const) {
      const back = toImage(DOUBLE, toScreen(DOUBLE, imagePoint(x, y)));
      expect(back.x).toBeCloseTo(x, 9);
      expect(back.y).toBeCloseTo(y, 9);
    }
  });

  it('shows the whole image, centred, with 8 pixels of air', () => {
    expect(fitImage(IMAGE, CANVAS)).toEqual({ scale: 2, offsetX: 8, offsetY: 58 });
  });

  it('keeps the point under the pointer where it is when zooming', () => {
    const pointer = screenPoint(77, 33);
    const before = toImage(DOUBLE, pointer);
    const after = toImage(zoomAt(DOUBLE, pointer, 1.7, IMAGE, CANVAS), pointer);
    expect(after.x).toBeCloseTo(before.x, 9);
    expect(after.y).toBeCloseTo(before.y, 9);
  });

  it('zooms neither beyond 64 nor below half of the fitting scale', () => {
    expect(zoomAt(DOUBLE, screenPoint(0, 0), 1e6, IMAGE, CANVAS).scale).toBe(64);
    expect(zoomAt(DOUBLE, screenPoint(0, 0), 1e-6, IMAGE, CANVAS).scale).toBe(1);
  });

  it('cannot be panned out of sight', () => {
    const view = panBy(DOUBLE, 1e5, -1e5, IMAGE, CANVAS);
    expect(view.offsetX).toBe(162);
    expect(view.offsetY).toBe(54 - 100);
  });

  it('keeps its middle when the canvas is resized', () => {
    const after = resized(DOUBLE, CANVAS, { width: 316, height: 116 });
    expect(after).toEqual({ scale: 2, offsetX: 60, offsetY: -30 });
  });
});

describe('the view of the next frame', () => {
  const animal = { left: 40, top: 20, right: 60, bottom: 30 };

  it('is the same when it is to be kept, and the whole image when it is to fit', () => {
    expect(nextView('keep', DOUBLE, animal, IMAGE, CANVAS)).toBe(DOUBLE);
    expect(nextView('fit', DOUBLE, animal, IMAGE, CANVAS)).toEqual(fitImage(IMAGE, CANVAS));
    expect(nextView('keep', null, animal, IMAGE, CANVAS)).toEqual(fitImage(IMAGE, CANVAS));
  });

  it('follows the animal at a calm scale', () => {
    const close = fitBox(animal, IMAGE, CANVAS);
    expect(close.scale).toBeCloseTo(216 / 48, 9);
    const moved = { left: 20, top: 10, right: 42, bottom: 22 };
    const next = nextView('animal', { ...close, scale: 3.5 }, moved, IMAGE, CANVAS);
    expect(next.scale).toBe(3.5);
    expect(toScreen(next, imagePoint(31, 16))).toEqual({ x: 108, y: 108 });
  });

  it('changes the scale for an animal of quite another size', () => {
    const next = nextView('animal', { ...DOUBLE, scale: 20 }, animal, IMAGE, CANVAS);
    expect(next.scale).toBeCloseTo(4.5, 9);
  });

  it('is the whole image when nobody knows where the animal is', () => {
    expect(nextView('animal', DOUBLE, null, IMAGE, CANVAS)).toEqual(fitImage(IMAGE, CANVAS));
  });
});
