/** Changes to a frame as values: they can be applied, inverted, sent and merged. */

import type { FrameLabels, Instance, LabelPoint } from './labels';
import { samePoint } from './labels';

export type Edit =
  | {
      readonly kind: 'point';
      readonly instance: string;
      readonly keypoint: number;
      readonly before: LabelPoint;
      readonly after: LabelPoint;
    }
  | { readonly kind: 'add'; readonly instance: Instance; readonly at: number }
  | { readonly kind: 'remove'; readonly instance: Instance; readonly at: number }
  | { readonly kind: 'no-animal'; readonly before: boolean; readonly after: boolean }
  | { readonly kind: 'name'; readonly instance: string; readonly before: string | null; readonly after: string | null };

export interface Command {
  /** What a person did, in words: "Place snout". */
  readonly label: string;
  /** The frame it happened in. */
  readonly frame: string;
  readonly edits: readonly Edit[];
  /** Commands with the same key that follow each other quickly are undone together: ten nudges are one. */
  readonly joins?: string;
}

export function applyEdits(labels: FrameLabels, edits: readonly Edit[]): FrameLabels {
  return edits.reduce(applyEdit, labels);
}

/** The edits that take `edits` back. */
export function inverted(edits: readonly Edit[]): Edit[] {
  return [...edits].reverse().map(invert);
}

/** The edits that turn the points of `before` into those of `after`, which has the same instances. */
export function pointEdits(before: Instance, after: Instance): Edit[] {
  return after.points.flatMap((point, keypoint): Edit[] => {
    const old = before.points[keypoint];
    if (!old || samePoint(old, point)) return [];
    return [{ kind: 'point', instance: before.id, keypoint, before: old, after: point }];
  });
}

function applyEdit(labels: FrameLabels, edit: Edit): FrameLabels {
  if (edit.kind === 'no-animal') return { ...labels, noAnimal: edit.after };
  return { ...labels, instances: applyToInstances(labels.instances, edit) };
}

function applyToInstances(
  instances: readonly Instance[],
  edit: Exclude<Edit, { kind: 'no-animal' }>,
): readonly Instance[] {
  switch (edit.kind) {
    case 'add':
      return [...instances.slice(0, edit.at), edit.instance, ...instances.slice(edit.at)];
    case 'remove':
      return instances.filter((instance) => instance.id !== edit.instance.id);
    case 'name':
      return instances.map((instance) =>
        instance.id === edit.instance ? { ...instance, individual: edit.after } : instance,
      );
    case 'point':
      return instances.map((instance) =>
        instance.id === edit.instance
          ? { ...instance, points: instance.points.with(edit.keypoint, edit.after) }
          : instance,
      );
  }
}

function invert(edit: Edit): Edit {
  switch (edit.kind) {
    case 'add':
      return { ...edit, kind: 'remove' };
    case 'remove':
      return { ...edit, kind: 'add' };
    case 'name':
    case 'no-animal':
    case 'point':
      return { ...edit, before: edit.after, after: edit.before } as Edit;
  }
}
