/** A skeleton while it is being changed. Keypoints have ids, so that names may change under lines and pairs. */
import type { Schemas } from '../../api/client';

type Skeleton = Schemas['Skeleton'];
type SkeletonChange = Schemas['SkeletonChange'];

export interface DraftPoint {
  id: number;
  name: string;
  colour: string;
  /** Its name in the project; null for a new one. */
  original: string | null;
}

export type Pair = readonly [number, number];

export interface Draft {
  name: string;
  points: readonly DraftPoint[];
  edges: readonly Pair[];
  pairs: readonly Pair[];
  pairsConfirmed: boolean;
}

export function draftOf(skeleton: Skeleton): Draft {
  const id = new Map(skeleton.keypoints.map((name, index) => [name, index]));
  const pairsOf = (list: ReadonlyArray<readonly [string, string]>): Pair[] =>
    list.flatMap(([a, b]) => {
      const [from, to] = [id.get(a), id.get(b)];
      return from === undefined || to === undefined ? [] : [[from, to] as const];
    });
  return {
    name: skeleton.name,
    points: skeleton.keypoints.map((name, index) => ({
      id: index,
      name,
      colour: skeleton.colours[name] ?? '#56b4e9',
      original: name,
    })),
    edges: pairsOf(skeleton.edges),
    pairs: pairsOf(skeleton.symmetries),
    pairsConfirmed: skeleton.symmetries_confirmed,
  };
}

/** What to ask of the server. */
export function changeOf(
  draft: Draft,
  before: Skeleton,
  options: { allowLoss: boolean; author: string },
): SkeletonChange {
  const name = new Map(draft.points.map((point) => [point.id, point.name.trim()]));
  const named = (list: readonly Pair[]): [string, string][] =>
    list.map(([a, b]) => [name.get(a) ?? '', name.get(b) ?? '']);
  const renamed = draft.points.filter(({ original, name: now }) => original !== null && original !== now.trim());
  const recoloured = draft.points.filter(
    ({ original, colour }) => original === null || before.colours[original] !== colour,
  );
  return {
    name: draft.name.trim() || before.name,
    keypoints: draft.points.map((point) => point.name.trim()),
    edges: named(draft.edges),
    symmetries: named(draft.pairs),
    renames: Object.fromEntries(renamed.map(({ original, name: now }) => [original ?? '', now.trim()])),
    symmetries_confirmed: draft.pairsConfirmed,
    colours: Object.fromEntries(recoloured.map(({ name: now, colour }) => [now.trim(), colour])),
    allow_loss: options.allowLoss,
    author: options.author,
  };
}

/** Keypoints of the project that the draft no longer has. */
export function removedFrom(draft: Draft, before: Skeleton): string[] {
  const kept = new Set(draft.points.map((point) => point.original));
  return before.keypoints.filter((name) => !kept.has(name));
}

/** What is wrong with the names, by id. */
export function nameProblems(draft: Draft): ReadonlyMap<number, string> {
  const problems = new Map<number, string>();
  const seen = new Map<string, number>();
  for (const { id, name } of draft.points) {
    const trimmed = name.trim();
    if (trimmed === '') problems.set(id, 'needs a name');
    else if (seen.has(trimmed)) problems.set(id, 'is there twice');
    seen.set(trimmed, id);
  }
  return problems;
}

export function addPoint(draft: Draft, colour: string): Draft {
  const id = Math.max(-1, ...draft.points.map((point) => point.id)) + 1;
  return { ...draft, points: [...draft.points, { id, name: '', colour, original: null }] };
}

export function changePoint(draft: Draft, id: number, part: Partial<Pick<DraftPoint, 'name' | 'colour'>>): Draft {
  return { ...draft, points: draft.points.map((point) => (point.id === id ? { ...point, ...part } : point)) };
}

export function removePoint(draft: Draft, id: number): Draft {
  const without = (list: readonly Pair[]) => list.filter((pair) => !pair.includes(id));
  return {
    ...draft,
    points: draft.points.filter((point) => point.id !== id),
    edges: without(draft.edges),
    pairs: without(draft.pairs),
  };
}

export function movePoint(draft: Draft, id: number, by: number): Draft {
  const from = draft.points.findIndex((point) => point.id === id);
  const to = from + by;
  const point = draft.points[from];
  if (!point || to < 0 || to >= draft.points.length) return draft;
  const points = draft.points.filter((other) => other.id !== id);
  points.splice(to, 0, point);
  return { ...draft, points };
}

export function toggleEdge(draft: Draft, a: number, b: number): Draft {
  if (a === b) return draft;
  const others = draft.edges.filter((edge) => !isSame(edge, [a, b]));
  return { ...draft, edges: others.length < draft.edges.length ? others : [...draft.edges, [a, b]] };
}

/** Pair a point with another, or with none; nobody has two partners. */
export function setPartner(draft: Draft, id: number, partner: number | null): Draft {
  const free = draft.pairs.filter((pair) => !pair.includes(id) && (partner === null || !pair.includes(partner)));
  return { ...draft, pairs: partner === null ? free : [...free, [id, partner]], pairsConfirmed: false };
}

export function partnerOf(draft: Draft, id: number): number | null {
  const pair = draft.pairs.find((candidate) => candidate.includes(id));
  return pair ? (pair[0] === id ? pair[1] : pair[0]) : null;
}

const SIDES = [
  [/left/i, 'right'],
  [/(^|[^a-z])l(?=[^a-z]|$)/i, 'r'],
  [/^L(?=[A-Z])/, 'R'],
] as const;

/** Pairs of points whose names differ in left and right alone. */
export function findPairs(draft: Draft): Draft {
  const byName = new Map(draft.points.map((point) => [point.name.trim().toLowerCase(), point.id]));
  let next = draft;
  for (const { id, name } of draft.points) {
    for (const [left, right] of SIDES) {
      const other = byName.get(
        name
          .trim()
          .replace(left, (found) => found.replace(/left|l/i, right))
          .toLowerCase(),
      );
      if (other !== undefined && other !== id && partnerOf(next, id) === null) next = setPartner(next, id, other);
    }
  }
  return next;
}

function isSame(a: Pair, b: Pair): boolean {
  return (a[0] === b[0] && a[1] === b[1]) || (a[0] === b[1] && a[1] === b[0]);
}
