/** Which colour points have: that of their keypoint, or that of their animal. */

import type { EditorState } from './editorState';
import { coloursForAnimals } from './palette';
import { placeAmong, type Slot, slotsOf } from './slots';

export const COLOUR_RULES = ['keypoint', 'animal'] as const;
export type ColourRule = (typeof COLOUR_RULES)[number];

/** A colour for every slot: the project's individuals have theirs in every frame, and in results. */
export function coloursOfSlots(slots: readonly Slot[]): string[] {
  return coloursForAnimals(slots.length);
}

type Animals = Pick<EditorState, 'labels' | 'instance'>;

/** The colour of every animal of the frame by its id, that of the active one also before its first point. */
export function coloursOfAnimals(
  { labels, instance: active }: Animals,
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

/** `coloursOfAnimals`, worked out anew only where the labels or the active animal are others than before. */
export function animalColours(individuals: readonly string[]): (state: Animals) => ReadonlyMap<string, string> {
  let known: Animals | null = null;
  let colours: ReadonlyMap<string, string> = new Map();
  return ({ labels, instance }) => {
    if (labels !== known?.labels || instance !== known.instance) {
      known = { labels, instance };
      colours = coloursOfAnimals(known, individuals);
    }
    return colours;
  };
}
