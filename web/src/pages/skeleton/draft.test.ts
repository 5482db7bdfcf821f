import { expect, test } from 'vitest';
import {
  addPoint,
  changeOf,
  changePoint,
  draftOf,
  findPairs,
  movePoint,
  nameProblems,
  partnerOf,
  removedFrom,
  removePoint,
  setPartner,
  toggleEdge,
} from './draft';

const MOUSE = {
  name: 'mouse',
  keypoints: ['snout', 'left_ear', 'right_ear', 'tail'],
  edges: [['snout', 'tail']] as [string, string][],
  symmetries: [] as [string, string][],
  symmetries_confirmed: false,
  colours: { snout: '#111111', left_ear: '#222222', right_ear: '#333333', tail: '#444444' },
};
const OPTIONS = { allowLoss: false, author: 'ada' };

test('nothing changed asks for nothing', () => {
  const change = changeOf(draftOf(MOUSE), MOUSE, OPTIONS);
  expect(change).toMatchObject({ keypoints: MOUSE.keypoints, edges: MOUSE.edges, renames: {}, colours: {} });
});

test('a renamed point keeps its lines', () => {
  const change = changeOf(changePoint(draftOf(MOUSE), 0, { name: 'nose' }), MOUSE, OPTIONS);
  expect(change.renames).toEqual({ snout: 'nose' });
  expect(change.edges).toEqual([['nose', 'tail']]);
});

test('a removed point takes its lines along, and is told', () => {
  const draft = removePoint(draftOf(MOUSE), 3);
  expect(draft.edges).toEqual([]);
  expect(removedFrom(draft, MOUSE)).toEqual(['tail']);
});

test('points change places', () => {
  const names = (by: number) => movePoint(draftOf(MOUSE), 0, by).points.map(({ name }) => name);
  expect(names(1)).toEqual(['left_ear', 'snout', 'right_ear', 'tail']);
  expect(names(-1)).toEqual(MOUSE.keypoints);
});

test('a line is drawn once and taken away by drawing it again, from either end', () => {
  const drawn = toggleEdge(draftOf(MOUSE), 1, 2);
  expect(drawn.edges).toHaveLength(2);
  expect(toggleEdge(drawn, 2, 1).edges).toEqual([[0, 3]]);
  expect(toggleEdge(drawn, 1, 1)).toBe(drawn);
});

test('left and right are found by name; a change of pairs must be confirmed anew', () => {
  const draft = findPairs({ ...draftOf(MOUSE), pairsConfirmed: true });
  expect(partnerOf(draft, 1)).toBe(2);
  expect(partnerOf(draft, 0)).toBeNull();
  expect(draft.pairsConfirmed).toBe(false);
});

test('other ways to write left and right', () => {
  const names = ['L_paw', 'R_paw', 'earL', 'earR', 'LHip', 'RHip', 'tail'];
  const draft = findPairs(draftOf({ ...MOUSE, keypoints: names, edges: [] }));
  expect([partnerOf(draft, 0), partnerOf(draft, 4), partnerOf(draft, 6)]).toEqual([1, 5, null]);
});

test('nobody has two partners', () => {
  const draft = setPartner(setPartner(draftOf(MOUSE), 0, 1), 2, 1);
  expect([partnerOf(draft, 0), partnerOf(draft, 1)]).toEqual([null, 2]);
});

test('names must be there and differ', () => {
  const draft = changePoint(addPoint(draftOf(MOUSE), '#555555'), 1, { name: 'snout' });
  expect([...nameProblems(draft).values()]).toEqual(['is there twice', 'needs a name']);
});
