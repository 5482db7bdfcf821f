import { expect, test, vi } from 'vitest';
import type { Schemas } from '../../api/client';
import { ResultSession } from './resultSession';

const DETAIL = {
  id: 'r',
  n_frames: 10,
  first_frame: 0,
  last_frame: 9,
  is_contiguous: true,
  keypoints: ['snout'],
  individuals: ['a'],
  levels: [],
  modified: 'today',
} as unknown as Schemas['ResultDetail'];

function open() {
  const bitmap = { close: vi.fn() } as unknown as ImageBitmap;
  const session = new ResultSession('p', DETAIL, null, () => Promise.resolve(bitmap), null);
  return { session, bitmap };
}

test('a closed session shows no picture: it is gone', async () => {
  const { session, bitmap } = open();
  await vi.waitFor(() => expect(session.state.picture).toBe(bitmap));
  const seen: unknown[] = [];
  session.subscribe(() => seen.push(session.state.picture));
  session.close();
  expect(bitmap.close).toHaveBeenCalled();
  expect(session.state.picture).toBeNull();
  expect(seen.at(-1)).toBeNull();
});

test('a picture that comes after the end is not shown', async () => {
  const { session } = open();
  session.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(session.state.picture).toBeNull();
  expect(session.state.problem).toBeNull();
});
