import { expect, test } from 'vitest';
import { drawTimeline, type TimelineStyle } from './drawTimeline';
import type { ResultData } from './resultData';
import type { ResultState } from './resultSession';

const STYLE = {
  width: 600,
  height: 300,
  pixelRatio: 1,
  colours: ['#fff'],
  layout: { axisPx: 132, hasRuler: false, hasStrip: false, colourBy: 'individual' },
  theme: {},
} as unknown as TimelineStyle;
const STATE = {
  range: { start: 0, stop: 10 },
  shown: new Set([0]),
  individuals: [0],
  smoothed: null,
} as unknown as ResultState;

/** What is written on the axes where every row has this value. */
function textsOf(value: number): string[] {
  const data = {
    levels: [],
    nIndividuals: 1,
    *stretches() {
      for (let row = 0; row < 10; row += 1) yield { firstRow: row, nRows: 1, low: value, high: value };
    },
  } as unknown as ResultData;
  const texts: string[] = [];
  const context = new Proxy({} as CanvasRenderingContext2D, {
    get: (_, name) => (name === 'fillText' ? (text: string) => texts.push(text) : () => undefined),
    set: () => true,
  });
  drawTimeline(context, data, STATE, STYLE);
  return texts;
}

test('an axis has numbers where there are some to be read on it', () => {
  const [some, none] = [textsOf(200), textsOf(Number.NaN)];
  expect(some).toContain('200');
  // Confidence is from 0 to 1 whatever there is.
  expect(none).toEqual(['x', 'y', '0', '0.5', '1', 'confidence']);
});
