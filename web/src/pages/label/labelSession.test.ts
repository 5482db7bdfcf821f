import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { screenPoint } from '../../engine/geometry';
import type { QueueItem } from '../../engine/queue';
import { MOUSE } from '../../engine/testing';
import { keyOf, type LabelBackend, type Place } from './backend';
import { Drafts } from './drafts';
import { LabelSession } from './labelSession';

const PLACE: Place = { video: 'v', frame: 3 };
const ITEM: QueueItem = {
  ...PLACE,
  key: keyOf(PLACE),
  state: 'unlabeled',
  nAnimals: 0,
  confidence: null,
  needsReview: false,
};
const PICTURE = { width: 10, height: 10, close: () => undefined } as unknown as ImageBitmap;

function sessionWith(backend: Partial<LabelBackend>): LabelSession {
  const labels = { instances: [], noAnimal: false };
  return new LabelSession(
    { skeleton: MOUSE, individuals: [], nFrames: new Map([['v', 9]]) },
    {
      listFrames: () => Promise.resolve([ITEM]),
      readLabels: () => Promise.resolve({ labels, revision: '', number: 0, needsReview: false }),
      saveLabels: () => Promise.resolve({ kind: 'unreachable' }),
      propose: () => Promise.resolve({ labels, note: '' }),
      askForReview: () => Promise.reject(new Error('not asked for')),
      lease: () => Promise.resolve([]),
      loadImage: () => Promise.resolve(PICTURE),
      ...backend,
    },
    new Drafts('p'),
  );
}

beforeEach(() => localStorage.clear());

test('nothing is said about the queue before it has come', async () => {
  let answer: (items: QueueItem[]) => void = () => undefined;
  const listFrames = () =>
    new Promise<QueueItem[]>((resolve) => {
      answer = resolve;
    });
  const session = sessionWith({ listFrames });
  const started = session.start(null);
  session.goNextUnlabeled();
  session.step(1);
  expect(session.state).toMatchObject({ isListed: false, isLoading: true, notice: '' });
  answer([ITEM]);
  await started;
  expect(session.state).toMatchObject({ isListed: true, isLoading: false, place: PLACE });
  session.step(1);
  expect(session.state.notice).toBe('This is the last frame');
  session.close();
});

test('a queue that holds nothing is known to', async () => {
  const session = sessionWith({ listFrames: () => Promise.resolve([]) });
  await session.start(null);
  expect(session.state).toMatchObject({ isListed: true, isLoading: false, place: null, items: [] });
  session.close();
});

test('a queue that cannot be had is not an empty one', async () => {
  const session = sessionWith({ listFrames: () => Promise.reject(new Error('no answer')) });
  await expect(session.start(null)).rejects.toThrow('no answer');
  expect(session.state.isListed).toBe(false);
  session.close();
});

test('the queue knows of animals that are added', async () => {
  const session = sessionWith({});
  await session.start(null);
  session.editor.resize({ width: 100, height: 100 });
  session.editor.hover(screenPoint(50, 50));
  session.editor.placeAtPointer();
  await vi.waitFor(() => expect(session.state.items[0]?.nAnimals).toBe(1));
  session.close();
});

function place(session: LabelSession): void {
  session.editor.resize({ width: 100, height: 100 });
  session.editor.hover(screenPoint(50, 50));
  session.editor.placeAtPointer();
}

test('a frame that is labelled without being in the queue is in it from then on', async () => {
  const session = sessionWith({});
  await session.start({ video: 'v', frame: 2 });
  expect(session.state.items).toEqual([ITEM]);
  place(session);
  expect(session.state.items).toMatchObject([{ key: 'v/2', state: 'partial', nAnimals: 1 }, ITEM]);
  place(session);
  expect(session.state.items).toHaveLength(2);
  session.close();
});

describe('a server that does not answer', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('is asked again until the frame can be shown', async () => {
    let isAway = true;
    const loadImage = () => (isAway ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(PICTURE));
    const session = sessionWith({ loadImage });
    await session.start(null);
    expect(session.state).toMatchObject({
      place: null,
      isLoading: false,
      problem: { title: 'The server does not answer', isRetrying: true },
    });
    isAway = false;
    await vi.advanceTimersByTimeAsync(3000);
    expect(session.state).toMatchObject({ place: PLACE, isLoading: false, problem: null });
    session.close();
  });

  test('is no problem for a frame that is in sight, which keeps its active part', async () => {
    let isAway = false;
    const readLabels = () =>
      isAway
        ? Promise.reject(new TypeError('Failed to fetch'))
        : Promise.resolve({ labels: { instances: [], noAnimal: false }, revision: '', number: 0, needsReview: false });
    const session = sessionWith({ readLabels });
    await session.start(null);
    isAway = true;
    await session.go(PLACE);
    expect(session.state.problem).toBeNull();
    session.editor.choosePart(2);
    isAway = false;
    await vi.advanceTimersByTimeAsync(3000);
    expect(session.editor.state.keypoint).toBe(2);
    session.close();
  });
});

test('a frame that the server refuses is not asked for again', async () => {
  const loadImage = vi.fn(() => Promise.reject(new Error('the video is damaged')));
  const session = sessionWith({ loadImage });
  await session.start(null);
  expect(session.state.problem).toEqual({
    title: 'Frame 3 cannot be shown',
    text: 'The video is damaged.',
    isRetrying: false,
  });
  session.close();
});

test('nothing is copied from a frame that was emptied, and why nothing came is said', async () => {
  const session = sessionWith({});
  await session.start(PLACE);
  place(session);
  session.editor.removeInstance();
  await session.go({ video: 'v', frame: 4 });
  await session.copyLast();
  expect(session.state.notice).toBe('There is no last frame to copy from: label one first');
  await session.go(PLACE);
  place(session);
  await session.go({ video: 'v', frame: 4 });
  await session.copyLast();
  expect(session.state.notice).toBe('1 point proposed from frame 3');
  await session.copyLast();
  expect(session.state.notice).toBe('Frame 3 has nothing of what is missing here');
  session.close();
});
