/** Repairs in the server's words: told as done, and the frames that they name. */

import type { Range } from './repairs';

const PAST: Readonly<Record<string, string>> = {
  exchange: 'exchanged',
  split: 'split',
  join: 'joined',
  delete: 'deleted',
  interpolate: 'interpolated',
  confirm: 'confirmed',
};

/** What was done: "exchange a and b" is "exchanged a and b". Names stay as they are. */
export function asDone(description: string): string {
  return description.replace(/^\w+/, (verb) => PAST[verb] ?? verb);
}

/** The same as the beginning of a sentence. */
export function asSentence(description: string): string {
  const done = asDone(description);
  return done.charAt(0).toUpperCase() + done.slice(1);
}

/** The frames that a repair changed, as far as its words name any. */
export function framesIn(description: string): Range | null {
  const split = / at frame (\d+); the second part is /.exec(description);
  const [, first, last, on, until] =
    /(?:in frames (\d+) to (\d+)|from frame (\d+) on|up to frame (\d+))$/.exec(description) ?? [];
  const start = split?.[1] ?? first ?? on;
  const stop = last ?? until;
  if (start === undefined && stop === undefined) return null;
  return { start: start === undefined ? null : Number(start), stop: stop === undefined ? null : Number(stop) };
}
