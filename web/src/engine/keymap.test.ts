import { describe, expect, it } from 'vitest';
import { type Action, chordOf, chordParts, Keymap, type KeyPress } from './keymap';

const ACTIONS: Action[] = [
  { id: 'undo', group: 'Edit', label: 'Undo', keys: ['Ctrl+Z'] },
  { id: 'copy', group: 'Fill', label: 'Copy from the last frame', keys: ['C'] },
  { id: 'help', group: 'Help', label: 'Show the keys', keys: ['?'] },
];

const press = (key: string, ...modifiers: ('ctrl' | 'meta' | 'alt' | 'shift')[]): KeyPress => ({
  key,
  ctrlKey: modifiers.includes('ctrl'),
  metaKey: modifiers.includes('meta'),
  altKey: modifiers.includes('alt'),
  shiftKey: modifiers.includes('shift'),
});

describe('chords', () => {
  it.each([
    [press('a'), 'A'],
    [press('A', 'shift'), 'Shift+A'],
    [press(' '), 'Space'],
    [press('?', 'shift'), '?'],
    [press('Z', 'ctrl', 'shift'), 'Ctrl+Shift+Z'],
    [press('z', 'meta'), 'Ctrl+Z'],
    [press('ArrowLeft', 'shift'), 'Shift+ArrowLeft'],
    [press('Control', 'ctrl'), null],
  ])('%o is %s', (event, chord) => {
    expect(chordOf(event)).toBe(chord);
  });

  it('are shown as on the keyboard', () => {
    expect(chordParts('Ctrl+Shift+ArrowLeft')).toEqual(['Ctrl', 'Shift', '←']);
    expect(chordParts('Ctrl++')).toEqual(['Ctrl', '+']);
    expect(chordParts('+')).toEqual(['+']);
  });
});

describe('a keymap', () => {
  const keymap = new Keymap(ACTIONS);

  it('finds the action of a key press', () => {
    expect(keymap.resolve(press('c'))?.id).toBe('copy');
    expect(keymap.resolve(press('c', 'ctrl'))).toBeNull();
    expect(keymap.resolve(press('Shift', 'shift'))).toBeNull();
  });

  it('gives an action other keys, and frees the old ones', () => {
    const result = keymap.rebind('copy', ['V']);
    if (result.kind !== 'bound') throw new Error(result.kind);
    expect(result.keymap.resolve(press('v'))?.id).toBe('copy');
    expect(result.keymap.resolve(press('c'))).toBeNull();
    expect(result.keymap.reset().resolve(press('c'))?.id).toBe('copy');
  });

  it('refuses keys that are taken or that the browser keeps', () => {
    expect(keymap.rebind('copy', ['Ctrl+Z'])).toEqual({ kind: 'taken', by: ACTIONS[0] });
    expect(keymap.rebind('copy', ['Ctrl+W'])).toEqual({ kind: 'reserved' });
    expect(keymap.rebind('copy', ['Ctrl+4'])).toEqual({ kind: 'reserved' });
  });

  it('does not start with one key for two actions', () => {
    expect(() => new Keymap([...ACTIONS, { id: 'x', group: 'x', label: 'x', keys: ['C'] }])).toThrow(
      /C is bound to both/,
    );
  });

  it('restores what still makes sense of stored changes', () => {
    const stored = { copy: ['V'], gone: ['K'], help: ['Ctrl+Z'], undo: 'U' };
    expect(Keymap.restore(ACTIONS, stored).overrides).toEqual({ copy: ['V'] });
    expect(Keymap.restore(ACTIONS, null).overrides).toEqual({});
  });
});
