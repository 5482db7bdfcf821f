/** What the keys of the Proofread page do. */

import type { PointerHint } from '../../components/KeySheet';
import type { Action } from '../../engine/keymap';

export const PROOFREAD_ACTIONS = [
  { id: 'next-issue', group: 'Issues', label: 'Next issue', keys: ['E'] },
  { id: 'previous-issue', group: 'Issues', label: 'Previous issue', keys: ['Shift+E'] },
  { id: 'confirm', group: 'Issues', label: 'It is right: take it off the list', keys: ['C', 'Enter'] },
  { id: 'loop', group: 'Issues', label: 'Play the second before and after it, again and again', keys: ['P'] },
  { id: 'swap', group: 'Repair', label: 'Exchange the two tracks, from here on or in the range', keys: ['X'] },
  { id: 'split', group: 'Repair', label: 'Split the track here', keys: ['K'] },
  { id: 'join', group: 'Repair', label: 'Join the two tracks', keys: ['J'] },
  { id: 'interpolate', group: 'Repair', label: 'Interpolate the gap or the range', keys: ['I'] },
  { id: 'delete', group: 'Repair', label: 'Delete the track, or its part in the range', keys: ['Delete', 'Backspace'] },
  { id: 'rename', group: 'Repair', label: 'Give the track another name', keys: ['N', 'F2'] },
  { id: 'undo', group: 'Repair', label: 'Undo', keys: ['Ctrl+Z', 'U'] },
  { id: 'redo', group: 'Repair', label: 'Do again', keys: ['Ctrl+Shift+Z', 'Ctrl+Y', 'Shift+U'] },
  {
    id: 'assign',
    group: 'Repair',
    label: 'Held, with a number: the chosen track is that one, from here on or in the range',
    keys: ['T'],
    isHeld: true,
  },
  { id: 'range-start', group: 'Choose', label: 'The range begins here', keys: ['['] },
  { id: 'range-stop', group: 'Choose', label: 'The range ends here', keys: [']'] },
  { id: 'clear', group: 'Choose', label: 'Choose nothing', keys: ['Escape'] },
  { id: 'next', group: 'Go', label: 'Next frame', keys: ['D', 'ArrowRight'] },
  { id: 'previous', group: 'Go', label: 'Previous frame', keys: ['A', 'ArrowLeft'] },
  { id: 'next-10', group: 'Go', label: '10 frames on', keys: ['Shift+D', 'Shift+ArrowRight'] },
  { id: 'previous-10', group: 'Go', label: '10 frames back', keys: ['Shift+A', 'Shift+ArrowLeft'] },
  { id: 'go-to', group: 'Go', label: 'Go to a frame by its number', keys: ['G'] },
  { id: 'play', group: 'Go', label: 'Play or stop', keys: ['Space'] },
  { id: 'zoom-in', group: 'Lanes', label: 'Less time, closer', keys: ['+', '='] },
  { id: 'zoom-out', group: 'Lanes', label: 'More time', keys: ['-'] },
  { id: 'show-all', group: 'Lanes', label: 'All of it', keys: ['V'] },
  { id: 'closer', group: 'Frame', label: 'Close to the tracks that are looked at, or the whole frame', keys: ['F'] },
  { id: 'traces', group: 'Lanes', label: 'Traces of the chosen tracks, on or off', keys: ['R'] },
  { id: 'label', group: 'Frame', label: 'Learn from this frame: its poses become labels', keys: ['L'] },
  { id: 'label-all', group: 'Frame', label: 'Learn from all frames that were repaired', keys: ['Shift+L'] },
  { id: 'help', group: 'Frame', label: 'Show all keys', keys: ['?'] },
] as const satisfies readonly Action[];

export type ProofreadActionId = (typeof PROOFREAD_ACTIONS)[number]['id'];

export const POINTER_HINTS: readonly PointerHint[] = [
  { gesture: 'Click a lane, or 1 to 9', does: 'choose the track' },
  { gesture: 'Double-click a lane’s name', does: 'give the track another name' },
  { gesture: 'Shift and the same', does: 'choose the second track' },
  { gesture: 'Click or drag above the lanes', does: 'go there' },
  { gesture: 'Wheel over the lanes', does: 'zoom in time; with Shift, move' },
];
