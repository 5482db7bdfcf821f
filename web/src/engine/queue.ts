/** The frames waiting to be labelled, and which of them a person wants to see. */

import type { FrameState } from './labels';

export interface QueueItem {
  readonly key: string;
  readonly video: string;
  readonly frame: number;
  readonly state: FrameState;
  /** How many animals are labelled or proposed in this frame. */
  readonly nAnimals: number;
  /** The lowest confidence of a prediction in this frame, or null without one. */
  readonly confidence: number | null;
  /** Somebody asked to look at it again. */
  readonly needsReview: boolean;
}

export type QueueFilter = 'all' | 'unlabeled' | 'low-confidence' | 'review';

export const LOW_CONFIDENCE = 0.6;

const FILTERS: Readonly<Record<QueueFilter, (item: QueueItem) => boolean>> = {
  all: () => true,
  unlabeled: (item) => item.state !== 'labeled',
  'low-confidence': (item) => item.confidence !== null && item.confidence < LOW_CONFIDENCE,
  review: (item) => item.needsReview || item.state === 'unconfirmed',
};

export const QUEUE_FILTERS = Object.keys(FILTERS) as QueueFilter[];

/** The items that pass; the one being looked at stays, so that it does not vanish under the hand. */
export function filterQueue(
  items: readonly QueueItem[],
  filter: QueueFilter,
  current: string | null = null,
): QueueItem[] {
  return items.filter((item) => FILTERS[filter](item) || item.key === current);
}

export function countOf(items: readonly QueueItem[], filter: QueueFilter): number {
  return items.filter(FILTERS[filter]).length;
}

/** The items with another one at its place: by video in the order of `videos`, and by frame. */
export function withItem(items: readonly QueueItem[], item: QueueItem, videos: readonly string[]): QueueItem[] {
  const rank = videos.indexOf(item.video);
  const isBefore = (other: QueueItem) =>
    other.video === item.video ? other.frame < item.frame : videos.indexOf(other.video) < rank;
  const at = items.findLastIndex(isBefore) + 1;
  return [...items.slice(0, at), item, ...items.slice(at)];
}

/** The next item in which something is left to do, after `current` and then from the start; null where there is none. */
export function nextUnlabeled(items: readonly QueueItem[], current: string | null): QueueItem | null {
  const at = items.findIndex((item) => item.key === current);
  const rest = [...items.slice(at + 1), ...items.slice(0, Math.max(at, 0))];
  return rest.find((item) => item.state !== 'labeled') ?? null;
}

/** The item `step` places away, or null beyond the ends. */
export function stepped(items: readonly QueueItem[], current: string | null, step: number): QueueItem | null {
  const at = items.findIndex((item) => item.key === current);
  return (at < 0 ? items[0] : items[at + step]) ?? null;
}

/** The frame of the same video in which a person labelled animals nearest to this one, an earlier one if there is any; null without one. */
export function nearestLabeled(
  items: readonly QueueItem[],
  place: { readonly video: string; readonly frame: number },
): QueueItem | null {
  const labeled = items.filter(
    (item) =>
      item.video === place.video &&
      item.frame !== place.frame &&
      item.nAnimals > 0 &&
      (item.state === 'labeled' || item.state === 'partial'),
  );
  const rank = ({ frame }: QueueItem) => (frame < place.frame ? place.frame - frame : frame + place.frame);
  return labeled.reduce<QueueItem | null>((best, item) => (best && rank(best) <= rank(item) ? best : item), null);
}
