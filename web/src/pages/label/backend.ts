/** What the label page asks of the server. */

import type { SaveResult } from '../../engine/autosave';
import type { FrameLabels } from '../../engine/labels';
import type { QueueItem } from '../../engine/queue';

export interface Place {
  readonly video: string;
  /** Rank in presentation order, from 0. */
  readonly frame: number;
}

export interface ServerLabels {
  readonly labels: FrameLabels;
  readonly revision: string;
  readonly number: number;
  readonly needsReview: boolean;
}

export type PrefillSource = 'model' | 'flow' | 'previous';

/** In the order in which they are worth trying. */
export const PREFILL_SOURCES: readonly PrefillSource[] = ['model', 'flow', 'previous'];

export interface Proposal {
  readonly labels: FrameLabels;
  /** Why there is nothing, or what to know of it. */
  readonly note: string;
}

export interface LabelBackend {
  readonly listFrames: () => Promise<QueueItem[]>;
  readonly readLabels: (place: Place) => Promise<ServerLabels>;
  /** Never throws. */
  readonly saveLabels: (place: Place, labels: FrameLabels, revision: string) => Promise<SaveResult<FrameLabels>>;
  readonly propose: (place: Place, source: PrefillSource) => Promise<Proposal>;
  readonly askForReview: (place: Place, needsReview: boolean) => Promise<ServerLabels>;
  /** Say who is looking; returns the names of the others who are, too. */
  readonly lease: (place: Place) => Promise<readonly string[]>;
  readonly loadImage: (place: Place, signal: AbortSignal) => Promise<ImageBitmap>;
}

export const keyOf = ({ video, frame }: Place): string => `${video}/${frame}`;

export function placeOf(key: string): Place {
  const slash = key.lastIndexOf('/');
  return { video: key.slice(0, slash), frame: Number(key.slice(slash + 1)) };
}
