import { expect, test } from 'vitest';
import { animalColours, coloursOfAnimals, coloursOfSlots } from './colouring';
import { coloursForAnimals } from './palette';
import { slotsOf } from './slots';
import { at, frameOf, instanceOf } from './testing';

const NAMES = ['Ada', 'Bob'];
const [first, second, third] = coloursForAnimals(3);

test('an individual has its colour in every frame, and the one it has in results', () => {
  const bob = instanceOf('b', [at(1, 1)], 'Bob');
  const ada = instanceOf('a', [at(9, 9)], 'Ada');
  const colours = (labels: ReturnType<typeof frameOf>) =>
    Object.fromEntries(coloursOfAnimals({ labels, instance: null }, NAMES));
  expect(colours(frameOf(bob))).toEqual({ b: second });
  expect(colours(frameOf(bob, ada))).toEqual({ a: first, b: second });
});

test('animals without a name follow, in their order', () => {
  const labels = frameOf(instanceOf('x', [at(1, 1)]), instanceOf('a', [at(9, 9)], 'Ada'));
  expect(Object.fromEntries(coloursOfAnimals({ labels, instance: null }, NAMES))).toEqual({ a: first, x: third });
});

test('an animal has its colour before its first point', () => {
  const labels = frameOf(instanceOf('x', [at(1, 1)]));
  expect(coloursOfAnimals({ labels, instance: instanceOf('new', []) }, []).get('new')).toBe(second);
  expect(coloursOfAnimals({ labels, instance: instanceOf('new', [], 'Bob') }, NAMES).get('new')).toBe(second);
});

const crowd = (n: number) => frameOf(...Array.from({ length: n }, (_, i) => instanceOf(`${i}`, [at(i, i)])));

test.each([1, 2, 7, 8, 12, 30])('%i animals and the next one have different colours', (n) => {
  const colours = coloursOfSlots(slotsOf(crowd(n), []));
  expect(new Set(colours).size).toBe(n + 1);
  expect(coloursOfSlots(slotsOf(crowd(n + 1), [])).slice(0, n + 1)).toEqual(colours);
});

test.each([2, 7, 8, 12])('%i individuals have their colours whoever else is there', (n) => {
  const names = Array.from({ length: n }, (_, i) => `animal ${i}`);
  for (const others of [0, 1, 9]) {
    const colours = coloursOfSlots(slotsOf(crowd(others), names));
    expect(colours.slice(0, n)).toEqual(coloursForAnimals(n));
    expect(new Set(colours).size).toBe(n + others + 1);
  }
});

test('colours are worked out anew for other labels or another active animal only', () => {
  const coloursOf = animalColours(NAMES);
  const state = { labels: crowd(2), instance: null };
  const colours = coloursOf(state);
  expect(coloursOf({ ...state })).toBe(colours);
  expect(coloursOf({ ...state, instance: instanceOf('new', [], 'Ada') }).get('new')).toBe(first);
  expect([...coloursOf({ ...state, labels: crowd(1) }).keys()]).toEqual(['0']);
});
