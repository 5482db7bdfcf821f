/** What the keys of the results page do. */

import type { PointerHint } from '../../components/KeySheet';
import type { Action } from '../../engine/keymap';

export const RESULT_ACTIONS = [
  { id: 'next', group: 'Go', label: 'Next frame', keys: ['D', 'ArrowRight'] },
  { id: 'previous', group: 'Go', label: 'Previous frame', keys: ['A', 'ArrowLeft'] },
  { id: 'next-10', group: 'Go', label: '10 frames on', keys: ['Shift+D', 'Shift+ArrowRight'] },
  { id: 'previous-10', group: 'Go', label: '10 frames back', keys: ['Shift+A', 'Shift+ArrowLeft'] },
  { id: 'first', group: 'Go', label: 'First frame', keys: ['Home'] },
  { id: 'last', group: 'Go', label: 'Last frame', keys: ['End'] },
  { id: 'go-to', group: 'Go', label: 'Go to a frame by its number', keys: ['G'] },
  { id: 'play', group: 'Go', label: 'Play or stop', keys: ['Space'] },
  { id: 'zoom-in', group: 'Timeline', label: 'Less time, closer', keys: ['+', '='] },
  { id: 'zoom-out', group: 'Timeline', label: 'More time', keys: ['-'] },
  { id: 'show-all', group: 'Timeline', label: 'All of it', keys: ['V'] },
  { id: 'label', group: 'Frame', label: 'Label this frame', keys: ['L'] },
  { id: 'help', group: 'Frame', label: 'Show all keys', keys: ['?'] },
] as const satisfies readonly Action[];

export type ResultActionId = (typeof RESULT_ACTIONS)[number]['id'];

export const POINTER_HINTS: readonly PointerHint[] = [
  { gesture: 'Click or drag in the timeline', does: 'go there' },
  { gesture: 'Wheel', does: 'zoom in time' },
  { gesture: 'Shift + wheel', does: 'move in time' },
];
