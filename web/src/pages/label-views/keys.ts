/** What the keys do where several views are labelled at once; as far as they mean the same, they are those of Label. */

import type { PointerHint } from '../../components/KeySheet';
import type { Action } from '../../engine/keymap';

export const LABEL_VIEWS_ACTIONS = [
  { id: 'place', group: 'Place', label: 'Place or move the part at the pointer', keys: ['F'] },
  { id: 'absent', group: 'Place', label: 'The part is not in this view', keys: ['Q'] },
  { id: 'occlude', group: 'Place', label: 'The part is covered, or visible again', keys: ['O'] },
  { id: 'clear', group: 'Place', label: 'Take the point away', keys: ['Delete', 'Backspace'] },
  { id: 'previous-part', group: 'Place', label: 'Previous part, in all views', keys: ['W'] },
  { id: 'next-part', group: 'Place', label: 'Next part, in all views', keys: ['S'] },
  { id: 'fill', group: 'Fill', label: 'Fill the other views', keys: ['E'] },
  { id: 'accept', group: 'Fill', label: 'Accept what is proposed, in all views', keys: ['Space'] },
  { id: 'undo', group: 'Correct', label: 'Undo in the view under the pointer', keys: ['Ctrl+Z'] },
  { id: 'redo', group: 'Correct', label: 'Redo', keys: ['Ctrl+Shift+Z', 'Ctrl+Y'] },
  { id: 'next', group: 'Go', label: 'Next chosen frame', keys: ['D', 'ArrowRight'] },
  { id: 'previous', group: 'Go', label: 'Previous chosen frame', keys: ['A', 'ArrowLeft'] },
  { id: 'next-frame', group: 'Go', label: 'Next frame', keys: ['Shift+D', 'Shift+ArrowRight'] },
  { id: 'previous-frame', group: 'Go', label: 'Previous frame', keys: ['Shift+A', 'Shift+ArrowLeft'] },
  { id: 'next-view', group: 'Go', label: 'Next view', keys: ['V'] },
  { id: 'help', group: 'Look', label: 'Show all keys', keys: ['?'] },
] as const satisfies readonly Action[];

export type LabelViewsActionId = (typeof LABEL_VIEWS_ACTIONS)[number]['id'];

export const LABEL_VIEWS_HINTS: readonly PointerHint[] = [
  { gesture: 'Click', does: 'place the part in this view; its line appears in the others' },
  { gesture: 'Shift + click', does: 'place it as covered' },
  { gesture: 'Drag a point', does: 'move it; the crosses follow' },
  { gesture: 'Wheel', does: 'zoom at the pointer' },
  { gesture: 'Drag elsewhere', does: 'move the image' },
];
