import { expect, test } from 'vitest';
import { learned } from './useProofreading';

test('what became of frames that were to be labels is said', () => {
  expect(learned({ added: [7], skipped: [] })).toMatch(/^Frame 7 is labelled/);
  expect(learned({ added: [], skipped: [7] })).toMatch(/^Frame 7 has labels already/);
  expect(learned({ added: [7, 9], skipped: [] })).toMatch(/^2 frames labelled.*Label$/);
  expect(learned({ added: [7], skipped: [8, 9] })).toMatch(/^1 frame labelled.*; 2 had labels already/);
});
