import { expect, test } from 'vitest';
import type { Schemas } from '../../api/client';
import type { Suspicion } from './repairs';
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
const tracks = (...suspicions: Suspicion[]) => ({ suspicions }) as unknown as Schemas['Tracks'];

test('the issue that an undone repair had settled is found', () => {
  const [gap, jump, other] = [issue('gap', 10, 14), issue('jump', 39, 40), issue('jump', 80, 81)];
  const [before, next] = [tracks(other), tracks(other, gap, jump)];
  expect(cameBack({ before, next }, 'confirm a in frames 10 to 14')).toBe(1);
  expect(cameBack({ before, next }, 'exchange a and b from frame 40 on')).toBe(2);
  expect(cameBack({ before, next }, 'confirm a in frames 39 to 40')).toBe(2);
  expect(cameBack({ before, next }, 'exchange a and b from frame 80 on')).toBe(-1);
  expect(cameBack({ before, next }, 'join b to a')).toBe(-1);
});
