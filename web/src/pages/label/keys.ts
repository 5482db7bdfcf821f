/** What the keys of the label page do. The help sheet and the settings are made from this list. */

import type { PointerHint } from '../../components/KeySheet';
import type { Action } from '../../engine/keymap';

const ARROWS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'];

export const LABEL_ACTIONS = [
  { id: 'place', group: 'Place', label: 'Place or move the part at the pointer', keys: ['F'] },
  { id: 'absent', group: 'Place', label: 'The part is not in the image', keys: ['Q'] },
  { id: 'occlude', group: 'Place', label: 'The part is covered, or visible again', keys: ['O'] },
  { id: 'clear', group: 'Place', label: 'Take the point away', keys: ['Delete', 'Backspace'] },
  { id: 'previous-part', group: 'Place', label: 'Previous part', keys: ['W'] },
  { id: 'next-part', group: 'Place', label: 'Next part', keys: ['S'] },
  { id: 'loop', group: 'Place', label: 'The same part through all frames, on or off', keys: ['L'] },
  { id: 'accept', group: 'Correct', label: 'Accept what is proposed, and go to the next frame', keys: ['Space'] },
  { id: 'turn', group: 'Correct', label: 'Let the click move another point', keys: ['Tab'] },
  { id: 'nudge', group: 'Correct', label: 'Nudge by 1 pixel', keys: ARROWS.map((key) => `Shift+${key}`) },
  { id: 'nudge-far', group: 'Correct', label: 'Nudge by 10 pixels', keys: ARROWS.map((key) => `Ctrl+Shift+${key}`) },
  { id: 'swap', group: 'Correct', label: 'Swap left and right', keys: ['M'] },
  { id: 'undo', group: 'Correct', label: 'Undo', keys: ['Ctrl+Z'] },
  { id: 'redo', group: 'Correct', label: 'Redo', keys: ['Ctrl+Shift+Z', 'Ctrl+Y'] },
  { id: 'deselect', group: 'Correct', label: 'Stop what was begun', keys: ['Escape'] },
  { id: 'copy', group: 'Fill', label: 'Copy from the last frame', keys: ['C'] },
  { id: 'prefill', group: 'Fill', label: 'Propose points; again for another source', keys: ['P'] },
  { id: 'instance', group: 'Animals', label: 'Animal 1 to 9', keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'] },
  {
    id: 'name-next',
    group: 'Animals',
    label: 'It is the next individual; who has that name gets this one’s',
    keys: ['E'],
  },
  { id: 'remove-instance', group: 'Animals', label: 'Remove the animal', keys: ['Shift+Delete', 'Shift+Backspace'] },
  { id: 'no-animal', group: 'Animals', label: 'There is no animal in this frame', keys: ['0'] },
  { id: 'next', group: 'Go', label: 'Next frame', keys: ['D', 'ArrowRight'] },
  { id: 'previous', group: 'Go', label: 'Previous frame', keys: ['A', 'ArrowLeft'] },
  { id: 'next-unlabeled', group: 'Go', label: 'Next frame with something to do', keys: ['N'] },
  { id: 'go-to', group: 'Go', label: 'Go to a frame by its number', keys: ['G'] },
  { id: 'review', group: 'Go', label: 'Ask for a second look, or no longer', keys: ['R'] },
  { id: 'loupe', group: 'Look', label: 'Magnify around the pointer while held', keys: ['Z'], isHeld: true },
  { id: 'hide', group: 'Look', label: 'Hide the points while held', keys: ['H'], isHeld: true },
  { id: 'zoom-in', group: 'Look', label: 'Closer', keys: ['+', '='] },
  { id: 'zoom-out', group: 'Look', label: 'Farther', keys: ['-'] },
  { id: 'look-animal', group: 'Look', label: 'Show the animal', keys: ['X'] },
  { id: 'look-image', group: 'Look', label: 'Show the whole image', keys: ['V'] },
  { id: 'names', group: 'Look', label: 'Names beside the points, on or off', keys: ['T'] },
  { id: 'brighter', group: 'Look', label: 'Brighter', keys: ['.'] },
  { id: 'darker', group: 'Look', label: 'Darker', keys: [','] },
  { id: 'help', group: 'Look', label: 'Show all keys', keys: ['?'] },
] as const satisfies readonly Action[];

export type LabelActionId = (typeof LABEL_ACTIONS)[number]['id'];

/** What the pointer does, for the sheet; these cannot be changed. */
export const POINTER_HINTS: readonly PointerHint[] = [
  { gesture: 'Click', does: 'place the part, or move the ringed point' },
  { gesture: 'Shift + click', does: 'place it as covered' },
  { gesture: 'Drag a point', does: 'move it' },
  { gesture: 'Ctrl + drag', does: 'move it with all that hangs on it' },
  { gesture: 'Alt + drag', does: 'move the animal' },
  { gesture: 'Alt + wheel', does: 'turn the animal' },
  { gesture: 'Right-click a point', does: 'covered, or visible again' },
  { gesture: 'Wheel', does: 'zoom at the pointer' },
  { gesture: 'Drag elsewhere', does: 'move the image' },
];
