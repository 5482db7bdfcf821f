import { expect, test } from 'vitest';
import type { Schemas } from '../../api/client';
import type { Suspicion, TrackEdit } from './repairs';
import { cameBack } from './useOpenIssue';

const issue = (kind: Suspicion['kind'], start: number, stop: number): Suspicion => ({
  kind,
  start,
  stop,
  tracks: ['a'],
  likelihood: 1,
  priority: 1,
  reason: '',
});
const swapFrom = (start: number): TrackEdit => ({ kind: 'swap', first: 'a', second: 'b', start, stop: null });
const tracks = (...suspicions: Suspicion[]) => ({ suspicions }) as unknown as Schemas['Tracks'];

test('the issue that an undone repair had settled is found', () => {
  const [gap, jump, other] = [issue('gap', 10, 14), issue('jump', 39, 40), issue('jump', 80, 81)];
  const [before, next] = [tracks(other), tracks(other, gap, jump)];
  expect(cameBack({ before, next }, { kind: 'confirm', tracks: ['a'], start: 10, stop: 14 })).toBe(1);
  expect(cameBack({ before, next }, swapFrom(40))).toBe(2);
  expect(cameBack({ before, next }, { kind: 'confirm', tracks: ['a'], start: 39, stop: 40 })).toBe(2);
  expect(cameBack({ before, next }, swapFrom(80))).toBe(-1);
  expect(cameBack({ before, next }, { kind: 'join', first: 'a', second: 'b' })).toBe(-1);
});
