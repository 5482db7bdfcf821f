/** Which repair a key stands for, given what is chosen; or, in words, what has to be chosen first. */

import type { Schemas } from '../../api/client';

export type TrackEdit = Schemas['TrackEdit'];
export type Suspicion = Schemas['TrackSuspicion'];

/** What the next repair is about. Frames are numbers of the video. */
export interface Choice {
  readonly first: string | null;
  readonly second: string | null;
  readonly start: number | null;
  readonly stop: number | null;
}

export const NOTHING_CHOSEN: Choice = { first: null, second: null, start: null, stop: null };

export const CHOOSE_FIRST = 'Choose a track first: click its lane, or press its number.';

export type RepairKind = 'swap' | 'split' | 'join' | 'delete' | 'interpolate';

export type Repair = { readonly edit: TrackEdit } | { readonly missing: string };

/** The repair of one kind at the frame that is shown. */
export function repairOf(
  kind: RepairKind,
  choice: Choice,
  frame: number,
  names: readonly string[],
  issue: Suspicion | null,
): Repair {
  const isPair = kind === 'swap' && names.length === 2;
  const first = choice.first ?? (isPair ? (names[0] ?? null) : null);
  if (first === null) return { missing: CHOOSE_FIRST };
  const second = choice.second ?? (isPair ? otherOf(first, names) : null);
  const range = rangeOf(choice);
  const where = range ?? { start: frame, stop: null };
  switch (kind) {
    case 'swap':
      if (second === null) return { missing: 'Choose a second track: Shift and its number, or Shift-click its lane.' };
      return { edit: { kind, first, second, ...where } };
    case 'split':
      return { edit: { kind, track: first, start: frame, name: freshName(names) } };
    case 'join':
      if (second === null)
        return { missing: 'Choose the track to join: Shift and its number, or Shift-click its lane.' };
      return { edit: { kind, first, second } };
    case 'delete':
      return { edit: { kind, track: first, ...(range ?? { start: null, stop: null }) } };
    case 'interpolate': {
      const gap = range ?? (issue?.tracks.includes(first) ? { start: issue.start, stop: issue.stop } : null);
      if (!gap) return { missing: 'Set a range first: [ at its first frame, ] at its last.' };
      return { edit: { kind, track: first, ...gap } };
    }
  }
}

/** The repair that makes the chosen track another one: what that one holds there comes to the chosen one. */
export function assignmentOf(choice: Choice, name: string, frame: number): Repair {
  const { first } = choice;
  if (first === null) return { missing: CHOOSE_FIRST };
  if (first === name) return { missing: `${name} is the chosen track itself.` };
  return { edit: { kind: 'swap', first, second: name, ...(rangeOf(choice) ?? { start: frame, stop: null }) } };
}

/** A range of frames, both included; an end that was not set is the beginning or the end of the recording. */
export interface Range {
  readonly start: number | null;
  readonly stop: number | null;
}

/** The range that was set, its ends in order; null where neither was. */
export function rangeOf({ start, stop }: Choice): Range | null {
  if (start === null && stop === null) return null;
  if (start === null || stop === null) return { start, stop };
  return { start: Math.min(start, stop), stop: Math.max(start, stop) };
}

/** What is chosen now, without the range that a repair was about if that is still set: the next one is about another. */
export function withoutRangeOf(repaired: Choice, present: Choice): Choice {
  const isSame = present.start === repaired.start && present.stop === repaired.stop;
  return isSame && rangeOf(present) ? { ...present, start: null, stop: null } : present;
}

export function isWithin(frame: number, { start, stop }: Range): boolean {
  return (start === null || frame >= start) && (stop === null || frame <= stop);
}

/** What the next repair is about, in words. */
export function describeChoice(choice: Choice): string {
  const { first, second } = choice;
  const who = first === null ? 'No track is chosen' : second === null ? first : `${first} and ${second}`;
  const range = rangeOf(choice);
  if (!range) return who;
  if (range.stop === null) return `${who}, from frame ${range.start} on`;
  return range.start === null ? `${who}, up to frame ${range.stop}` : `${who}, frames ${range.start} to ${range.stop}`;
}

/** The first free name like "track_3". */
export function freshName(names: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const name = `track_${number}`;
    if (!names.includes(name)) return name;
  }
}

/** What is chosen when a moment of doubt is opened: the tracks that it is about. */
export function choiceOf(issue: Suspicion, names: readonly string[]): Choice {
  const [first = null, second = null] = issue.tracks;
  const isPair = issue.kind === 'swap' && first !== null && names.length === 2;
  return { ...NOTHING_CHOSEN, first, second: second ?? (isPair ? otherOf(first, names) : null) };
}

/** Of two animals, one can have been exchanged with nobody but the other. */
function otherOf(first: string, names: readonly string[]): string | null {
  return names.find((name) => name !== first) ?? null;
}

/** The frame to look at first. A jump lies between two frames: a repair from here on begins with the later one. */
export function frameOf({ kind, start, stop }: Suspicion): number {
  return kind === 'jump' ? stop : start;
}

/** Choose a track by its name; once more lets it go. */
export function choose(choice: Choice, name: string, isSecond: boolean): Choice {
  if (isSecond) return name === choice.first ? choice : { ...choice, second: choice.second === name ? null : name };
  if (choice.first === name) return { ...choice, first: null };
  return { ...choice, first: name, second: choice.second === name ? choice.first : choice.second };
}

/** The names that are still there, in a choice that was made before a repair. */
export function stillThere(choice: Choice, names: readonly string[]): Choice {
  const keep = (name: string | null) => (name !== null && names.includes(name) ? name : null);
  return { ...choice, first: keep(choice.first), second: keep(choice.second) };
}

/** Where the issue that is looked at stands now that the list was made anew; -1 where it is none any more. */
export function placeOf(issues: readonly Suspicion[], open: Suspicion | null): number {
  return issues.findIndex(
    (item) =>
      open !== null &&
      item.kind === open.kind &&
      item.start === open.start &&
      item.stop === open.stop &&
      item.tracks.join('\n') === open.tracks.join('\n'),
  );
}
