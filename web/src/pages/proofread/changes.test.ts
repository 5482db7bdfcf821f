import { expect, test } from 'vitest';
import { type Change, isSeenAsItIs, leftAfter } from './changes';
import type { Suspicion, TrackEdit } from './repairs';

const edit: TrackEdit = { kind: 'swap', first: 'a', second: 'b', start: 4, stop: null };
const entry = { edit, description: 'exchanged a and b from frame 4 on', time: '', author: '' };
const swap: Change = { edits: [edit] };
const issue = (start: number): Suspicion => ({
  kind: 'swap',
  start,
  stop: start + 4,
  tracks: ['a', 'b'],
  likelihood: 0.5,
  priority: 1,
  reason: '',
});
const confirm = (start: number): Change => ({
  edits: [{ kind: 'confirm', tracks: ['a', 'b'], start, stop: start + 4 }],
});

test('what can be undone is counted before the server has answered', () => {
  const tracks = { done: [entry], undone: [entry] };
  expect(leftAfter(tracks, [])).toEqual({ undo: 1, redo: 1 });
  expect(leftAfter(tracks, ['undo'])).toEqual({ undo: 0, redo: 2 });
  expect(leftAfter(tracks, ['redo', 'undo', 'undo'])).toEqual({ undo: 0, redo: 2 });
  expect(leftAfter(tracks, ['undo', swap])).toEqual({ undo: 1, redo: 0 });
});

test('an issue can be confirmed while others are, and not before one has seen what a repair leaves', () => {
  expect(isSeenAsItIs(issue(4), [])).toBe(true);
  expect(isSeenAsItIs(issue(4), [confirm(20), confirm(30)])).toBe(true);
  expect(isSeenAsItIs(issue(4), [confirm(4)])).toBe(false);
  expect(isSeenAsItIs(issue(4), [swap])).toBe(false);
  expect(isSeenAsItIs(issue(4), ['undo'])).toBe(false);
});
