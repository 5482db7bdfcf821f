import { describe, expect, it } from 'vitest';
import type { FrameState } from './labels';
import { countOf, filterQueue, nearestLabeled, nextUnlabeled, type QueueItem, stepped, withItem } from './queue';

const item = (key: string, state: FrameState, confidence: number | null = null, needsReview = false): QueueItem => ({
  key,
  video: 'v',
  frame: 0,
  state,
  nAnimals: 1,
  confidence,
  needsReview,
});
const ITEMS = [
  item('a', 'labeled'),
  item('b', 'unlabeled'),
  item('c', 'labeled', 0.3, true),
  item('d', 'unconfirmed', 0.9),
];
const keys = (items: readonly QueueItem[]) => items.map(({ key }) => key).join('');

describe('the queue', () => {
  it('filters by what is left to do', () => {
    expect(keys(filterQueue(ITEMS, 'all'))).toBe('abcd');
    expect(keys(filterQueue(ITEMS, 'unlabeled'))).toBe('bd');
    expect(keys(filterQueue(ITEMS, 'low-confidence'))).toBe('c');
    expect(keys(filterQueue(ITEMS, 'review'))).toBe('cd');
    expect(countOf(ITEMS, 'review')).toBe(2);
  });

  it('keeps the frame that is being looked at', () => {
    expect(keys(filterQueue(ITEMS, 'unlabeled', 'a'))).toBe('abd');
  });

  it('goes round once for the next frame with something to do', () => {
    expect(nextUnlabeled(ITEMS, 'b')?.key).toBe('d');
    expect(nextUnlabeled(ITEMS, 'd')?.key).toBe('b');
    expect(nextUnlabeled(ITEMS, null)?.key).toBe('b');
    expect(nextUnlabeled([item('a', 'labeled')], 'a')).toBeNull();
  });

  it('stops at its ends', () => {
    expect(stepped(ITEMS, 'a', -1)).toBeNull();
    expect(stepped(ITEMS, 'a', 1)?.key).toBe('b');
    expect(stepped(ITEMS, null, 1)?.key).toBe('a');
  });

  it('finds the labelled frame to copy from: the nearest before, else the nearest after', () => {
    const at = (frame: number, state: FrameState, video = 'v') => ({
      ...item(`${video}/${frame}`, state),
      video,
      frame,
    });
    const items = [
      at(10, 'labeled'),
      at(20, 'partial'),
      at(30, 'unconfirmed'),
      at(40, 'unlabeled'),
      at(41, 'labeled'),
      at(39, 'labeled', 'other'),
    ];
    const nearest = (frame: number, video = 'v') => nearestLabeled(items, { video, frame })?.key;
    expect(nearest(40)).toBe('v/20');
    expect(nearest(20)).toBe('v/10');
    expect(nearest(5)).toBe('v/10');
    expect(nearest(39, 'other')).toBeUndefined();
  });

  it('copies from no frame without animals', () => {
    const items = [item('a', 'labeled'), { ...item('b', 'labeled'), frame: 5, nAnimals: 0 }];
    expect(nearestLabeled(items, { video: 'v', frame: 6 })?.key).toBe('a');
  });

  it('takes another frame in at its place', () => {
    const at = (video: string, frame: number) => ({ ...item(`${video}${frame} `, 'unlabeled'), video, frame });
    const items = [at('b', 3), at('b', 9), at('a', 5)];
    const taken = (video: string, frame: number) => keys(withItem(items, at(video, frame), ['b', 'c', 'a'])).trim();
    expect(taken('b', 4)).toBe('b3 b4 b9 a5');
    expect(taken('b', 0)).toBe('b0 b3 b9 a5');
    expect(taken('c', 7)).toBe('b3 b9 c7 a5');
    expect(taken('a', 6)).toBe('b3 b9 a5 a6');
    expect(keys(withItem([], at('a', 1), ['a']))).toBe('a1 ');
  });
});
