/** What a frame still lacks, in words. */

import { type FrameLabels, isMissing } from './labels';
import { type Slot, slotsOf } from './slots';

/** A sentence without its full stop for everything that is missing; none where the frame is complete. */
export function missingFrom(labels: FrameLabels, individuals: readonly string[]): readonly string[] {
  const { instances, noAnimal } = labels;
  if (instances.length === 0) return noAnimal ? [] : ['Nothing is labelled in this frame'];
  // The last slot is for one more animal, which nobody has to label.
  const slots = slotsOf(labels, individuals).slice(0, -1);
  const parts = slots.flatMap((slot, place) => missingParts(slot, slots.length > 1 ? nameOf(slot, place) : null));
  return [...parts, ...missingAnimals(slots)];
}

function missingParts({ instance }: Slot, name: string | null): string[] {
  const n = instance?.points.filter(isMissing).length ?? 0;
  if (n === 0) return [];
  const whose = name === null ? '' : ` of ${name}`;
  return [n === 1 ? `1 part${whose} is not placed` : `${n} parts${whose} are not placed`];
}

function missingAnimals(slots: readonly Slot[]): string[] {
  const names = slots.flatMap(({ name, instance }) => (instance || name === null ? [] : [name]));
  if (names.length === 0) return [];
  return [
    names.length > 2
      ? `${names.length} animals are not labelled in this frame`
      : `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} not labelled in this frame`,
  ];
}

const nameOf = ({ name }: Slot, place: number): string => name ?? `animal ${place + 1}`;
