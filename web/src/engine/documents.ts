/** The frames that were opened: what the server has of each, what the person made of it, and what is disputed. */

import { applyEdits, type Edit } from './commands';
import { type FrameLabels, NO_LABELS } from './labels';
import { type Conflict, mergeFrames, withIdsOf } from './merge';
import { pointAt } from './operations';

interface Document {
  /** What the server had when it was last heard of: the common ancestor of a merge. */
  readonly base: FrameLabels;
  readonly labels: FrameLabels;
  readonly conflicts: readonly Conflict[];
}

const EMPTY: Document = { base: NO_LABELS, labels: NO_LABELS, conflicts: [] };

export class Documents {
  private readonly documents = new Map<string, Document>();
  private nIds = 0;

  /** A name for an animal that nobody has seen before. */
  readonly newId = (): string => {
    this.nIds += 1;
    return `animal-${this.nIds}`;
  };

  labels(key: string): FrameLabels {
    return this.get(key).labels;
  }

  conflicts(key: string): readonly Conflict[] {
    return this.get(key).conflicts;
  }

  /** The server's version of a frame came: keep what the person changed, take everything else. */
  receive(key: string, remote: FrameLabels): void {
    const { base, labels, conflicts } = this.get(key);
    const theirs = withIdsOf(labels, remote, this.newId);
    const merge = mergeFrames(base, labels, theirs);
    const open = conflicts.filter((old) => !merge.conflicts.some((conflict) => isSamePoint(old, conflict)));
    this.documents.set(key, { base: theirs, labels: merge.labels, conflicts: [...open, ...merge.conflicts] });
  }

  apply(key: string, edits: readonly Edit[]): void {
    const document = this.get(key);
    const touched = edits.flatMap((edit) => (edit.kind === 'point' ? [edit] : []));
    // Whoever sets a disputed point anew has decided.
    const conflicts = document.conflicts.filter((conflict) => !touched.some((edit) => isSamePoint(conflict, edit)));
    this.documents.set(key, { ...document, labels: applyEdits(document.labels, edits), conflicts });
  }

  /** What was changed before the page closed, and what it was changed from, is here again. */
  restore(key: string, base: FrameLabels, labels: FrameLabels): void {
    const known = withIdsOf(NO_LABELS, base, this.newId);
    const ids = new Map(base.instances.map((instance, i) => [instance.id, known.instances[i]?.id ?? this.newId()]));
    const instances = labels.instances.map((instance) => ({ ...instance, id: ids.get(instance.id) ?? this.newId() }));
    this.documents.set(key, { base: known, labels: { ...labels, instances }, conflicts: [] });
  }

  base(key: string): FrameLabels {
    return this.get(key).base;
  }

  /** The server has `saved` now. */
  markSaved(key: string, saved: FrameLabels): void {
    this.documents.set(key, { ...this.get(key), base: saved });
  }

  isChanged(key: string): boolean {
    const { base, labels } = this.get(key);
    return base !== labels;
  }

  /** The edits that put a person's own version of a disputed point in place of the saved one. */
  editsForMine(key: string, conflict: Conflict): Edit[] {
    const before = pointAt(this.labels(key), conflict);
    if (!before) return [];
    const { instance, keypoint, mine } = conflict;
    return [{ kind: 'point', instance, keypoint, before, after: mine }];
  }

  /** The saved version of a disputed point is accepted. */
  acceptTheirs(key: string, conflict: Conflict): void {
    const document = this.get(key);
    const conflicts = document.conflicts.filter((other) => !isSamePoint(other, conflict));
    this.documents.set(key, { ...document, conflicts });
  }

  private get(key: string): Document {
    return this.documents.get(key) ?? EMPTY;
  }
}

interface PointOf {
  readonly instance: string;
  readonly keypoint: number;
}

function isSamePoint(a: PointOf, b: PointOf): boolean {
  return a.instance === b.instance && a.keypoint === b.keypoint;
}
