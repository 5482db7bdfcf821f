/** What the server has not confirmed yet, kept in the browser: a crash of either loses nothing. */

import type { FrameLabels } from '../../engine/labels';

export interface Draft {
  readonly base: FrameLabels;
  readonly labels: FrameLabels;
}

export class Drafts {
  private readonly prefix: string;

  constructor(
    project: string,
    private readonly storage: Storage | null = browserStorage(),
  ) {
    this.prefix = `marey.draft.${project}.`;
  }

  keep(key: string, draft: Draft): void {
    try {
      this.storage?.setItem(this.prefix + key, JSON.stringify(draft));
    } catch {
      // A full storage costs the safety net, not the labels: they are on their way to the server.
    }
  }

  drop(key: string): void {
    this.storage?.removeItem(this.prefix + key);
  }

  /** Everything that an earlier page left behind. */
  list(): Map<string, Draft> {
    const drafts = new Map<string, Draft>();
    for (const name of Object.keys(this.storage ?? {})) {
      if (!name.startsWith(this.prefix)) continue;
      const draft = parse(this.storage?.getItem(name) ?? '');
      if (draft) drafts.set(name.slice(this.prefix.length), draft);
    }
    return drafts;
  }
}

function parse(text: string): Draft | null {
  try {
    const draft = JSON.parse(text) as Draft;
    return Array.isArray(draft.base.instances) && Array.isArray(draft.labels.instances) ? draft : null;
  } catch {
    return null;
  }
}

/** Browsers that keep nothing throw when they are asked for it. */
function browserStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
