import { expect, test } from 'vitest';
import { coloursOfAnimals, coloursOfSlots } from './colouring';
import { coloursFor } from './palette';
import { slotsOf } from './slots';
import { at, frameOf, instanceOf } from './testing';

const NAMES = ['Ada', 'Bob'];
const [first, second, third] = coloursFor(3);

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

test.each([1, 2, 7, 8, 12])('%i animals have different colours, those of as many tracks', (n) => {
  const slots = slotsOf(frameOf(...Array.from({ length: n }, (_, i) => instanceOf(`${i}`, [at(i, i)]))), []);
  const colours = coloursOfSlots(slots);
  expect(colours).toHaveLength(n + 1);
  expect(colours.slice(0, n)).toEqual(coloursFor(n));
  expect(new Set(colours.slice(0, n)).size).toBe(n);
});
