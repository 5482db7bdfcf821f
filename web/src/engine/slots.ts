/** The animals that a person can choose in a frame: a number for each. */

import type { FrameLabels, Instance } from './labels';

export interface Slot {
  /** The individual's name, or null where the animal has none. */
  readonly name: string | null;
  /** What is labelled of it in this frame, or null where nothing is. */
  readonly instance: Instance | null;
}

/** The individuals of the project, labelled here or not; then other animals of the frame; and last one more. */
export function slotsOf(labels: FrameLabels, individuals: readonly string[]): readonly Slot[] {
  const named = individuals.map((name) => ({
    name,
    instance: labels.instances.find(({ individual }) => individual === name) ?? null,
  }));
  const others = labels.instances
    .filter(({ individual }) => individual === null || !individuals.includes(individual))
    .map((instance) => ({ name: instance.individual, instance }));
  return [...named, ...others, { name: null, instance: null }];
}

/** The place of an animal among the slots, also before its first point; -1 where it has none. */
export function placeAmong(slots: readonly Slot[], animal: Instance): number {
  return slots.findIndex(({ name, instance }) => (instance ? instance.id === animal.id : name === animal.individual));
}

/** What an animal is called on the page: its number, and its name where it has one. */
export function titleOf(slot: Slot, place: number): string {
  return slot.name === null ? `${place + 1}` : `${place + 1} ${slot.name}`;
}
