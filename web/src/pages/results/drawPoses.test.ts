import { expect, test, vi } from 'vitest';
import { imagePoint } from '../../engine/geometry';
import { MarkerSheet } from '../../engine/markers';
import { fitImage } from '../../engine/view';
import { poseDrawing } from './drawPoses';
import type { ResultData } from './resultData';
import type { ResultState } from './resultSession';

const SIZE = { width: 100, height: 100 };
const ADA = '#0000ff';
const BOB = '#ff0000';
const point = (x: number) => ({ position: imagePoint(x, 50), confidence: 1 });
const data = {
  pose: () => [
    [point(10), point(20)],
    [point(60), { position: null, confidence: null }],
  ],
} as unknown as ResultData;
const state = { row: 0, minConfidence: 0, smoothed: null } as unknown as ResultState;

/** The colours of the marks, and the words, of one picture. */
function drawn(names: readonly string[], colourBy: 'animal' | 'keypoint') {
  const words: string[] = [];
  const context = new Proxy({ canvas: SIZE } as unknown as CanvasRenderingContext2D, {
    get: (target, name) => {
      if (name === 'measureText') return () => ({ width: 10 });
      if (name === 'fillText') return (text: string) => words.push(text);
      return name in target ? Reflect.get(target, name) : () => undefined;
    },
  });
  const markers = new MarkerSheet([], 1);
  const stamp = vi.spyOn(markers, 'stamp').mockReturnValue();
  const style = { markers, pixelRatio: 1, edges: [], individualColours: [ADA, BOB] };
  poseDrawing(names, colourBy)(context, data, state, fitImage(SIZE, SIZE), style);
  return { colours: stamp.mock.calls.map((call) => call[5]), words };
}

test('points have the colour of their animal, and its name stands above them', () => {
  expect(drawn(['Ada', 'Bob'], 'animal')).toEqual({ colours: [ADA, ADA, BOB], words: ['Ada', 'Bob'] });
});

test('points keep the colour of their keypoint where somebody wants that, or there is one animal', () => {
  expect(drawn(['Ada', 'Bob'], 'keypoint').colours).toEqual([undefined, undefined, undefined]);
  expect(drawn([], 'keypoint').words).toEqual([]);
});
