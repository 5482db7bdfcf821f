/** What the keys of the multi-view page do; stepping and playing are those of Results. */

import type { PointerHint } from '../../components/KeySheet';
import type { Action } from '../../engine/keymap';

export const VIEW_ACTIONS = [
  { id: 'next', group: 'Go', label: 'Next frame', keys: ['D', 'ArrowRight'] },
  { id: 'previous', group: 'Go', label: 'Previous frame', keys: ['A', 'ArrowLeft'] },
  { id: 'next-10', group: 'Go', label: '10 frames on', keys: ['Shift+D', 'Shift+ArrowRight'] },
  { id: 'previous-10', group: 'Go', label: '10 frames back', keys: ['Shift+A', 'Shift+ArrowLeft'] },
  { id: 'first', group: 'Go', label: 'First frame', keys: ['Home'] },
  { id: 'last', group: 'Go', label: 'Last frame', keys: ['End'] },
  { id: 'play', group: 'Go', label: 'Play or stop', keys: ['Space'] },
  { id: 'label', group: 'Go', label: 'Label this frame in all views', keys: ['L'] },
  { id: 'help', group: 'Look', label: 'Show all keys', keys: ['?'] },
] as const satisfies readonly Action[];

export type ViewActionId = (typeof VIEW_ACTIONS)[number]['id'];

export const VIEW_POINTER_HINTS: readonly PointerHint[] = [
  { gesture: 'Wheel', does: 'zoom a view, or the scene' },
  { gesture: 'Drag', does: 'move a view, or turn the scene' },
  { gesture: 'Double click', does: 'show the whole view' },
];
