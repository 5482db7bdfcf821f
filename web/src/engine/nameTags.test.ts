import { expect, test } from 'vitest';
import { screenPoint } from './geometry';
import { type Box, drawNameTags, type Named, overlapOf, type Place, placeTags, shortened, TAG_PX } from './nameTags';

const CANVAS = { width: 600, height: 400 };
const body = (x: number, y: number, half = 20): Box => ({
  left: x - half,
  right: x + half,
  top: y - half,
  bottom: y + half,
});
const tag = ({ x, y }: Place, width: number): Box => ({
  left: x - width / 2,
  right: x + width / 2,
  top: y - TAG_PX / 2,
  bottom: y + TAG_PX / 2,
});

test('an animal alone has its name above it', () => {
  expect(placeTags([body(300, 200)], [60], CANVAS)).toEqual([{ x: 300, y: 200 - 20 - 6 - 10 }]);
});

test.each([
  ['in one place', [body(300, 200), body(300, 200), body(300, 200), body(300, 200)]],
  ['one above the other', [body(300, 200), body(300, 160), body(310, 120)]],
  ['in a corner', [body(10, 10), body(20, 15), body(30, 10)]],
])('names of animals %s cover neither each other nor more than the rim of an animal', (_, bodies) => {
  const places = placeTags(
    bodies,
    bodies.map(() => 80),
    CANVAS,
  );
  const tags = places.map((place) => tag(place, 80));
  for (const [i, one] of tags.entries()) {
    for (const other of tags.slice(i + 1)) expect(overlapOf(one, other)).toBe(0);
    for (const animal of bodies) expect(overlapOf(one, animal)).toBeLessThan(0.1 * 80 * TAG_PX);
    expect(one.left).toBeGreaterThanOrEqual(0);
    expect(one.top).toBeGreaterThanOrEqual(0);
  }
});

test('a long name is cut in its middle', () => {
  const widthOf = (text: string) => [...text].length * 7;
  expect(shortened('track_1', 70, widthOf)).toBe('track_1');
  expect(shortened('female_of_cage_1', 70, widthOf)).toBe('femal…ge_1');
  expect(shortened('female_of_cage_2', 70, widthOf)).toBe('femal…ge_2');
  expect(shortened('track_1', 1, widthOf)).toBe('…');
});

/** The words that are written and where, on a canvas of 600 by 400 pixels at two dots a pixel. */
function written(animals: readonly Named[]) {
  const words: (readonly [string, number, number])[] = [];
  const context = {
    canvas: { width: 1200, height: 800 },
    measureText: (text: string) => ({ width: 7 * [...text].length }),
    fillText: (...word: [string, number, number]) => words.push(word),
    ...Object.fromEntries(['beginPath', 'roundRect', 'fill', 'stroke'].map((name) => [name, () => undefined])),
  };
  drawNameTags(context as unknown as CanvasRenderingContext2D, animals, 2);
  return words;
}

test('names stand above their animals, shortened where they are long; who is not in sight has none', () => {
  const at = (x: number, y: number, name: string): Named => ({
    places: [screenPoint(x - 10, y), null, screenPoint(x + 10, y)],
    name,
    colour: '#ff0000',
  });
  const words = written([
    at(300, 200, '鼠 A'),
    at(100, 300, 'a mouse with a very long name'),
    at(900, 100, 'far away'),
    { ...at(0, 0, 'nowhere'), places: [null] },
  ]);
  expect(words).toEqual([
    ['鼠 A', 300, 180.5 + 0.5],
    ['a mouse wi… long name', 100, 280.5 + 0.5],
  ]);
});
