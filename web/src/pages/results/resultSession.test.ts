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

/** A server whose numbers come when a test says so. */
function serve() {
  const waiting: (() => void)[] = [];
  vi.stubGlobal('fetch', (url: string) => {
    const isPosition = url.includes('variable=position');
    const x = url.includes('of=tomorrow') ? 2 : 1;
    const values = new Float32Array(isPosition ? 20 : 10).fill(x);
    return new Promise<Response>((resolve) => {
      waiting.push(() => resolve(new Response(values.buffer, { headers: { 'X-Shape': '10' } })));
    });
  });
  const answer = async () => {
    for (const send of waiting.splice(0)) send();
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { answer };
}

const xOfPose = (session: ResultSession) => session.data.pose(0)?.[0]?.[0]?.position?.x;

test('poses from before a change are shown until those from after it are there', async () => {
  const { answer } = serve();
  const { session } = open();
  expect(xOfPose(session)).toBeUndefined();
  await answer();
  expect(xOfPose(session)).toBe(1);
  session.renew({ ...DETAIL, modified: 'tomorrow' }, null);
  expect(xOfPose(session)).toBe(1);
  expect(session.newest.detail.modified).toBe('tomorrow');
  await answer();
  expect(xOfPose(session)).toBe(2);
  expect(session.data).toBe(session.newest);
  session.close();
  vi.unstubAllGlobals();
});

test('what could not be fetched is asked for again until the connection is back', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const bitmap = { close: vi.fn() } as unknown as ImageBitmap;
  let isDown = true;
  const load = () => (isDown ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(bitmap));
  const session = new ResultSession('p', DETAIL, null, load, null);
  await vi.waitFor(() => expect(session.state.problem).toBeInstanceOf(TypeError));
  await vi.advanceTimersByTimeAsync(5000);
  expect(session.state.picture).toBeNull();
  isDown = false;
  await vi.advanceTimersByTimeAsync(5000);
  expect(session.state.picture).toBe(bitmap);
  expect(session.state.problem).toBeNull();
  session.close();
  vi.useRealTimers();
});

test('a timeline knows whether all that it shows is there', async () => {
  const { answer } = serve();
  const { session } = open();
  const rows = { start: 0, stop: 10 };
  expect(session.data.has(rows, null)).toBe(false);
  await answer();
  expect(session.data.has(rows, null)).toBe(true);
  expect(session.data.has(rows, { level: 0, framesPerBin: 4, nBins: 3 })).toBe(false);
  session.close();
  vi.unstubAllGlobals();
});

test('of several animals, one point of each is traced at first; of one animal, several points', () => {
  const session = (individuals: string[]) =>
    new ResultSession('p', { ...DETAIL, keypoints: ['a', 'b', 'c'], individuals }, null, null, null);
  expect(session(['Ada', 'Bob']).state).toMatchObject({ individuals: null, shown: new Set([0]) });
  expect(session(['Ada']).state).toMatchObject({ individuals: null, shown: new Set([0, 1, 2]) });
});
