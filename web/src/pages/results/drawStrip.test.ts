import { expect, test } from 'vitest';
import { contrastOf } from '../../engine/palette';
import { CONFIDENCE_STEPS } from './drawStrip';

const [LIGHT, DARK] = ['#ffffff', '#1b1f23'];

test('every kind of colour vision orders the steps: each has less light than the one before', () => {
  for (const [i, step] of CONFIDENCE_STEPS.slice(1).entries()) {
    const before = CONFIDENCE_STEPS[i] ?? '';
    expect(contrastOf(before, '#000000')).toBeGreaterThan(contrastOf(step, '#000000'));
    expect(contrastOf(before, step)).toBeGreaterThan(1.2);
  }
});

test('neither the least sure nor the surest step is lost on the ground of a theme', () => {
  for (const step of CONFIDENCE_STEPS) {
    expect(contrastOf(step, LIGHT)).toBeGreaterThan(1.5);
    expect(contrastOf(step, DARK)).toBeGreaterThan(1.9);
  }
});
