import { describe, expect, it } from 'vitest';
import { Documents } from './documents';
import { ABSENT } from './labels';
import { mergeFrames, withIdsOf } from './merge';
import { at, frameOf, instanceOf, maybe } from './testing';

const BASE = frameOf(instanceOf('a', [at(0, 0), at(1, 1), at(2, 2)]));

describe('merging', () => {
  it('takes the changes of both where they touched different points', () => {
    const mine = frameOf(instanceOf('a', [at(10, 0), at(1, 1), at(2, 2)]));
    const theirs = frameOf(instanceOf('a', [at(0, 0), at(1, 1), at(20, 2), at(3, 3)]));
    expect(mergeFrames(BASE, mine, theirs)).toEqual({
      labels: frameOf(instanceOf('a', [at(10, 0), at(1, 1), at(20, 2), at(3, 3)])),
      conflicts: [],
    });
  });

  it('keeps what is saved where both changed a point, and hands mine back', () => {
    const mine = frameOf(instanceOf('a', [at(10, 0), at(1, 1), at(2, 2)]));
    const theirs = frameOf(instanceOf('a', [ABSENT, at(1, 1), at(2, 2)]));
    const { labels, conflicts } = mergeFrames(BASE, mine, theirs);
    expect(labels).toEqual(theirs);
    expect(conflicts).toEqual([{ instance: 'a', keypoint: 0, mine: at(10, 0), theirs: ABSENT }]);
  });

  it('sees no conflict where both did the same', () => {
    const same = frameOf(instanceOf('a', [at(5, 5), at(1, 1), at(2, 2)]));
    expect(mergeFrames(BASE, same, structuredClone(same)).conflicts).toEqual([]);
  });

  it('sees no conflict in parts that only one touched of an animal that both began', () => {
    const mine = frameOf(instanceOf('a', [at(5, 5)]));
    const theirs = frameOf(instanceOf('a', [at(6, 6), at(1, 1), at(2, 2)]));
    const { labels, conflicts } = mergeFrames(frameOf(), mine, theirs);
    expect(labels).toEqual(theirs);
    expect(conflicts.map(({ keypoint }) => keypoint)).toEqual([0]);
    expect(mergeFrames(frameOf(), theirs, mine).labels.instances[0]?.points.slice(0, 3)).toEqual([
      at(5, 5),
      at(1, 1),
      at(2, 2),
    ]);
  });

  it('keeps a new animal of either', () => {
    const mine = frameOf(...BASE.instances, instanceOf('b', [at(50, 50)]));
    const theirs = frameOf(...BASE.instances, instanceOf('c', [at(90, 90)]));
    const ids = mergeFrames(BASE, mine, theirs).labels.instances.map((instance) => instance.id);
    expect(ids).toEqual(['a', 'c', 'b']);
  });

  it('removes an animal that one removed, unless the other changed it', () => {
    expect(mergeFrames(BASE, frameOf(), BASE).labels.instances).toEqual([]);
    expect(mergeFrames(BASE, BASE, frameOf()).labels.instances).toEqual([]);
    const changed = frameOf(instanceOf('a', [at(9, 9), at(1, 1), at(2, 2)]));
    expect(mergeFrames(BASE, frameOf(), changed).labels).toEqual(changed);
    expect(mergeFrames(BASE, changed, frameOf()).labels).toEqual(changed);
  });

  it('never ends with one name for two animals', () => {
    const mine = frameOf(instanceOf('b', [at(1, 1)], 'Ada'));
    const theirs = frameOf(instanceOf('c', [at(5, 5)], 'Ada'));
    const names = mergeFrames(frameOf(), mine, theirs).labels.instances.map((instance) => instance.individual);
    expect(names).toEqual(['Ada', null]);
  });
});

describe('recognising animals', () => {
  const two = frameOf(instanceOf('a', [at(0, 0), at(10, 0)]), instanceOf('b', [at(100, 0), at(110, 0)]));
  const newId = () => 'new';

  it('goes by shared points, not by order', () => {
    const remote = frameOf(instanceOf('?', [at(100, 0), at(111, 1)]), instanceOf('?', [at(0, 0), at(12, 0)]));
    expect(withIdsOf(two, remote, newId).instances.map((instance) => instance.id)).toEqual(['b', 'a']);
  });

  it('goes by name before all else', () => {
    const known = frameOf(instanceOf('a', [at(0, 0)], 'Ada'), instanceOf('b', [at(9, 9)], 'Bob'));
    const remote = frameOf(instanceOf('?', [at(0, 0)], 'Bob'));
    expect(withIdsOf(known, remote, newId).instances[0]?.id).toBe('b');
  });

  it('takes an animal far from all known ones for a new one', () => {
    const remote = frameOf(instanceOf('?', [at(500, 500), at(520, 500)]));
    expect(withIdsOf(two, remote, newId).instances[0]?.id).toBe('new');
  });

  it('takes the nearest where everything moved a little', () => {
    const remote = frameOf(instanceOf('?', [at(101, 1), at(112, 1)]), instanceOf('?', [at(1, 1), at(9, 1)]));
    expect(withIdsOf(two, remote, newId).instances.map((instance) => instance.id)).toEqual(['b', 'a']);
  });
});

describe('documents', () => {
  it('merge what comes with what was changed here, and remember what is disputed', () => {
    const documents = new Documents();
    documents.receive('f', BASE);
    const id = documents.labels('f').instances[0]?.id ?? '';
    const edit = (keypoint: number, x: number) =>
      ({ kind: 'point', instance: id, keypoint, before: at(keypoint, keypoint), after: at(x, 0) }) as const;
    documents.apply('f', [edit(0, 70), edit(1, 71)]);
    documents.receive('f', frameOf(instanceOf('?', [at(40, 0), at(1, 1), at(42, 0)])));
    expect(documents.labels('f').instances[0]?.points.slice(0, 3)).toEqual([at(40, 0), at(71, 0), at(42, 0)]);
    expect(documents.conflicts('f')).toHaveLength(1);

    const [conflict] = documents.conflicts('f');
    if (!conflict) throw new Error('there is a conflict');
    documents.apply('f', documents.editsForMine('f', conflict));
    expect(documents.conflicts('f')).toEqual([]);
    expect(documents.labels('f').instances[0]?.points[0]).toEqual(at(70, 0));
  });

  it('go on where the page was closed before it could save', () => {
    const documents = new Documents();
    documents.newId(); // the ids of another session mean something else in this one
    const labels = frameOf(instanceOf('a', [at(0, 0), at(70, 1), at(2, 2)]), instanceOf('b', [at(300, 300)]));
    documents.restore('f', BASE, labels);
    documents.receive('f', frameOf(instanceOf('?', [at(0, 0), at(1, 1), at(42, 2)])));
    const [a, b] = documents.labels('f').instances;
    expect(a?.points.slice(0, 3)).toEqual([at(0, 0), at(70, 1), at(42, 2)]);
    expect(b?.points[0]).toEqual(at(300, 300));
    expect(documents.isChanged('f')).toBe(true);
  });

  it('take everything that comes when nothing was changed here', () => {
    const documents = new Documents();
    documents.receive('f', BASE);
    documents.receive('f', frameOf(instanceOf('?', [maybe(5, 5), at(1, 1), at(2, 2)])));
    expect(documents.labels('f').instances[0]?.points[0]).toEqual(maybe(5, 5));
    expect(documents.conflicts('f')).toEqual([]);
  });
});
