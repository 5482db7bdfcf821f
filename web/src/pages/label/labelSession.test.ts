import { expect, test, vi } from 'vitest';
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
