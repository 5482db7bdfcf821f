import { describe, expect, it } from 'vitest';
import type { Command } from './commands';
import { History } from './history';
import { at } from './testing';

const move = (from: number, to: number, joins?: string): Command => ({
  label: `to ${to}`,
  frame: 'f',
  edits: [{ kind: 'point', instance: 'a', keypoint: 0, before: at(from, 0), after: at(to, 0) }],
  ...(joins ? { joins } : {}),
});

describe('the history', () => {
  it('has no end', () => {
    const history = new History();
    for (let i = 0; i < 5000; i += 1) history.push(move(i, i + 1));
    let n = 0;
    while (history.undo()) n += 1;
    expect(n).toBe(5000);
    while (history.redo()) n -= 1;
    expect(n).toBe(0);
    expect(history.redo()).toBeNull();
  });

  it('forgets what was undone once something else is done', () => {
    const history = new History();
    history.push(move(0, 1));
    history.undo();
    history.push(move(0, 2));
    expect(history.canRedo).toBe(false);
    expect(history.undo()?.label).toBe('to 2');
  });

  it('takes quick nudges of one point back together, slow ones singly', () => {
    let time = 0;
    const history = new History(() => time);
    history.push(move(0, 1, 'nudge'));
    time += 100;
    history.push(move(1, 2, 'nudge'));
    time += 5000;
    history.push(move(2, 3, 'nudge'));
    expect(history.undo()?.edits).toEqual(move(2, 3).edits);
    expect(history.undo()?.edits).toEqual(move(0, 2).edits);
    expect(history.undo()).toBeNull();
  });
});
