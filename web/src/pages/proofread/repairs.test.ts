import { describe, expect, it } from 'vitest';
import {
  assignmentOf,
  choiceOf,
  choose,
  describeChoice,
  frameOf,
  freshName,
  NOTHING_CHOSEN,
  placeOf,
  repairOf,
  type Suspicion,
  stillThere,
  withoutRangeOf,
} from './repairs';

const NAMES = ['track_1', 'track_2', 'mia'];
const issue = (part: Partial<Suspicion> = {}): Suspicion => ({
  kind: 'swap',
  start: 40,
  stop: 44,
  tracks: ['track_1', 'mia'],
  likelihood: 0.4,
  priority: 10,
  reason: 'they touched',
  ...part,
});

describe('repairs', () => {
  it('begin with the frame after a jump, and where any other issue begins', () => {
    expect(frameOf(issue({ kind: 'jump', start: 39, stop: 40 }))).toBe(40);
    expect(frameOf(issue({ start: 40, stop: 44 }))).toBe(40);
  });

  it('swap from the frame on, or within a range', () => {
    const choice = choiceOf(issue(), NAMES);
    expect(repairOf('swap', choice, 42, NAMES, issue())).toEqual({
      edit: { kind: 'swap', first: 'track_1', second: 'mia', start: 42, stop: null },
    });
    expect(repairOf('swap', { ...choice, start: 60, stop: 50 }, 42, NAMES, null)).toEqual({
      edit: { kind: 'swap', first: 'track_1', second: 'mia', start: 50, stop: 60 },
    });
  });

  it.each([
    [{ start: 50 }, { start: 50, stop: null }, 'from frame 50 on'],
    [{ stop: 60 }, { start: null, stop: 60 }, 'up to frame 60'],
    [{ start: 60, stop: 50 }, { start: 50, stop: 60 }, 'frames 50 to 60'],
  ])('mean a range as it is said, also where one end is not set: %j', (set, where, words) => {
    const choice = { ...choiceOf(issue(), NAMES), ...set };
    for (const kind of ['swap', 'delete', 'interpolate'] as const)
      expect(repairOf(kind, choice, 42, NAMES, issue())).toHaveProperty('edit', expect.objectContaining(where));
    expect(assignmentOf(choice, 'track_2', 42)).toHaveProperty('edit', expect.objectContaining(where));
    expect(describeChoice(choice)).toBe(`track_1 and mia, ${words}`);
  });

  it('delete the whole track where no range is set', () => {
    expect(repairOf('delete', choiceOf(issue(), NAMES), 42, NAMES, null)).toEqual({
      edit: { kind: 'delete', track: 'track_1', start: null, stop: null },
    });
    expect(describeChoice(NOTHING_CHOSEN)).toBe('No track is chosen');
  });

  it('make the chosen track another one, from the frame on or within a range', () => {
    const choice = choose(NOTHING_CHOSEN, 'mia', false);
    expect(assignmentOf(choice, 'track_2', 42)).toEqual({
      edit: { kind: 'swap', first: 'mia', second: 'track_2', start: 42, stop: null },
    });
    expect(assignmentOf({ ...choice, start: 60, stop: 50 }, 'track_2', 42)).toEqual({
      edit: { kind: 'swap', first: 'mia', second: 'track_2', start: 50, stop: 60 },
    });
    expect(assignmentOf(choice, 'mia', 42)).toHaveProperty('missing');
    expect(assignmentOf(NOTHING_CHOSEN, 'mia', 42)).toHaveProperty('missing');
  });

  it('choose the other one where there are only two', () => {
    const alone = issue({ tracks: ['track_1'] });
    expect(choiceOf(alone, ['track_1', 'mia'])).toMatchObject({ first: 'track_1', second: 'mia' });
    expect(choiceOf(alone, NAMES)).toMatchObject({ first: 'track_1', second: null });
    expect(choiceOf(issue({ kind: 'gap', tracks: ['track_1'] }), ['track_1', 'mia'])).toMatchObject({ second: null });
  });

  it('swap two animals whatever is chosen of them', () => {
    const pair = ['mia', 'leo'];
    const chosen = choose(NOTHING_CHOSEN, 'leo', false);
    expect(repairOf('swap', chosen, 42, pair, null)).toMatchObject({
      edit: { first: 'leo', second: 'mia', start: 42 },
    });
    expect(repairOf('swap', NOTHING_CHOSEN, 42, pair, null)).toMatchObject({ edit: { first: 'mia', second: 'leo' } });
    expect(repairOf('join', chosen, 42, pair, null)).toHaveProperty('missing');
  });

  it('say what has to be chosen first', () => {
    const one = choose(NOTHING_CHOSEN, 'mia', false);
    expect(repairOf('split', NOTHING_CHOSEN, 0, NAMES, null)).toHaveProperty('missing');
    expect(repairOf('swap', one, 0, NAMES, null)).toHaveProperty('missing');
    expect(repairOf('join', one, 0, NAMES, null)).toHaveProperty('missing');
    expect(repairOf('interpolate', one, 0, NAMES, issue({ tracks: ['track_2'] }))).toHaveProperty('missing');
  });

  it('interpolate over the gap that is looked at', () => {
    const gap = issue({ kind: 'gap', tracks: ['mia'] });
    expect(repairOf('interpolate', choiceOf(gap, NAMES), 0, NAMES, gap)).toEqual({
      edit: { kind: 'interpolate', track: 'mia', start: 40, stop: 44 },
    });
  });

  it('split into a track with a name that is free', () => {
    expect(freshName(NAMES)).toBe('track_3');
    expect(repairOf('split', choiceOf(issue(), NAMES), 42, NAMES, null)).toEqual({
      edit: { kind: 'split', track: 'track_1', start: 42, name: 'track_3' },
    });
  });
});

describe('what is chosen', () => {
  it('changes places rather than being the same twice', () => {
    const both = choose(choose(NOTHING_CHOSEN, 'track_1', false), 'mia', true);
    expect(choose(both, 'mia', false)).toMatchObject({ first: 'mia', second: 'track_1' });
    expect(choose(both, 'track_1', true)).toBe(both);
    expect(choose(both, 'mia', true).second).toBeNull();
    expect(choose(both, 'track_1', false).first).toBeNull();
  });

  it('forgets the range that was repaired, and no other one that was set meanwhile', () => {
    const repaired = { ...choiceOf(issue(), NAMES), start: 50, stop: null };
    expect(withoutRangeOf(repaired, repaired)).toEqual(choiceOf(issue(), NAMES));
    expect(withoutRangeOf(repaired, { ...NOTHING_CHOSEN, first: 'mia', start: 50 })).toMatchObject({
      first: 'mia',
      start: null,
    });
    const other = { ...repaired, stop: 60 };
    expect(withoutRangeOf(repaired, other)).toBe(other);
  });

  it('forgets tracks that a repair took away', () => {
    expect(stillThere(choiceOf(issue(), NAMES), ['track_1'])).toMatchObject({ first: 'track_1', second: null });
  });

  it('stays with the issue that was looked at, and is no other when that is gone', () => {
    const [a, b] = [issue(), issue({ start: 90, stop: 91 })];
    expect(placeOf([b, a], a)).toBe(1);
    expect(placeOf([b], a)).toBe(-1);
    expect(placeOf([issue({ tracks: ['mia', 'track_2'] })], a)).toBe(-1);
    expect(placeOf([a], null)).toBe(-1);
  });
});
