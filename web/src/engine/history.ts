/** Everything that was done since the page opened, without a limit, over all frames. */

import type { Command, Edit } from './commands';

const JOIN_WITHIN_MS = 800;

interface Entry {
  readonly command: Command;
  readonly time: number;
}

export class History {
  private past: Entry[] = [];
  private future: Entry[] = [];

  constructor(private readonly now: () => number = () => Date.now()) {}

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** Remember a command that was carried out; what had been undone can no longer be redone. */
  push(command: Command): void {
    const time = this.now();
    const last = this.past.at(-1);
    this.future = [];
    if (last && joins(last, command, time)) {
      this.past[this.past.length - 1] = { command: joined(last.command, command), time };
    } else {
      this.past.push({ command, time });
    }
  }

  /** The command to take back; it counts as undone from now on. */
  undo(): Command | null {
    const entry = this.past.pop();
    if (!entry) return null;
    this.future.push(entry);
    return entry.command;
  }

  /** The command to carry out again; it counts as done from now on. */
  redo(): Command | null {
    const entry = this.future.pop();
    if (!entry) return null;
    // An old time keeps the next nudge from joining what was just redone.
    this.past.push({ ...entry, time: Number.NEGATIVE_INFINITY });
    return entry.command;
  }
}

function joins(last: Entry, next: Command, time: number): boolean {
  return (
    next.joins !== undefined &&
    next.joins === last.command.joins &&
    next.frame === last.command.frame &&
    time - last.time <= JOIN_WITHIN_MS
  );
}

/** Both commands as one: a point that moved twice has moved once, from where it first was. */
function joined(first: Command, second: Command): Command {
  const edits = [...first.edits];
  for (const edit of second.edits) {
    const place = edits.findIndex((earlier) => isSamePoint(earlier, edit));
    const earlier = edits[place];
    if (earlier?.kind === 'point' && edit.kind === 'point') edits[place] = { ...earlier, after: edit.after };
    else edits.push(edit);
  }
  return { ...second, edits };
}

function isSamePoint(a: Edit, b: Edit): boolean {
  return a.kind === 'point' && b.kind === 'point' && a.instance === b.instance && a.keypoint === b.keypoint;
}
