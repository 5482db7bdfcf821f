import { expect, test } from 'vitest';
import type { Job } from '../api/jobStream';
import { hasNewEnd } from './jobs';

const jobs = (...all: [string, Job['status']][]) => new Map(all.map(([id, status]) => [id, { id, status } as Job]));

test('a job that ends is news, once', () => {
  expect(hasNewEnd(jobs(['a', 'running']), jobs(['a', 'done']))).toBe(true);
  expect(hasNewEnd(jobs(['a', 'done']), jobs(['a', 'done']))).toBe(false);
  expect(hasNewEnd(jobs(['a', 'queued']), jobs(['a', 'running']))).toBe(false);
});

test('a job that was never seen running is news, too', () => {
  expect(hasNewEnd(jobs(['a', 'done']), jobs(['a', 'done'], ['b', 'failed']))).toBe(true);
});
