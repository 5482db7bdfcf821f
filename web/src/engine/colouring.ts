/** Which colour points have: that of their keypoint, or that of their animal. */

import type { EditorState } from './editorState';
import { coloursFor } from './palette';
import { placeAmong, type Slot, slotsOf } from './slots';

export const COLOUR_RULES = ['keypoint', 'animal'] as const;
export type ColourRule = (typeof COLOUR_RULES)[number];

/** A colour for every slot: those of results with as many animals, and one more for the animal that nobody began. */
export function coloursOfSlots(slots: readonly Slot[]): string[] {
  const n = slots.length - 1;
  return [...coloursFor(n), ...coloursFor(n + 1).slice(n)];
}

/** The colour of every animal of the frame by its id, that of the active one also before its first point. */
export function coloursOfAnimals(
  { labels, instance: active }: Pick<EditorState, 'labels' | 'instance'>,
  individuals: readonly string[],
): ReadonlyMap<string, string> {
  const slots = slotsOf(labels, individuals);
  const colours = coloursOfSlots(slots);
  const animals = active ? [...labels.instances, active] : labels.instances;
  return new Map(
    animals.flatMap((animal): [string, string][] => {
      const colour = colours[placeAmong(slots, animal)];
      return colour === undefined ? [] : [[animal.id, colour]];
    }),
  );
}
