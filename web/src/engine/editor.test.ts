import { beforeEach, describe, expect, it } from 'vitest';
import { Editor } from './editor';
import { targetOf } from './editorState';
import { imagePoint, type ScreenPoint, screenPoint } from './geometry';
import { ABSENT, type FrameLabels, isUnconfirmed, placed, stateOf } from './labels';
import { at, frameOf, instanceOf, MOUSE, maybe } from './testing';
import { toScreen } from './view';

const IMAGE = { width: 100, height: 100 };
const PLAIN = { shift: false, alt: false, ctrl: false };

let editor: Editor;
let changed: string[];
let advanced: number;

/** Where a point of the image lies on the canvas. */
const on = (x: number, y: number): ScreenPoint => {
  const { view } = editor.state;
  if (!view) throw new Error('a frame is open');
  return toScreen(view, imagePoint(x, y));
};

function click(x: number, y: number, modifiers: Partial<typeof PLAIN> = {}): void {
  editor.hover(on(x, y));
  editor.press(on(x, y), { ...PLAIN, ...modifiers });
  editor.release(on(x, y));
}

function drag(from: [number, number], to: [number, number], modifiers: Partial<typeof PLAIN> = {}): void {
  const end = on(...to);
  editor.press(on(...from), { ...PLAIN, ...modifiers });
  editor.hover(screenPoint((on(...from).x + end.x) / 2, (on(...from).y + end.y) / 2));
  editor.hover(end);
  editor.release(end);
}

function open(frame: string, labels: FrameLabels): void {
  editor.documents.receive(frame, labels);
  editor.open(frame, IMAGE);
}

const points = (place = 0) => editor.state.labels.instances[place]?.points ?? [];
const firstId = () => editor.state.labels.instances[0]?.id ?? '';
const FULL = frameOf(
  instanceOf(
    'x',
    MOUSE.keypoints.map((_, i) => at(10 + 15 * i, 50)),
  ),
);

beforeEach(() => {
  changed = [];
  advanced = 0;
  editor = new Editor(MOUSE, [], {
    onChange: (frame) => changed.push(frame),
    onAdvanceFrame: () => {
      advanced += 1;
    },
  });
  editor.viewRule = 'keep';
  editor.resize({ width: 416, height: 416 });
});

describe('labelling from scratch', () => {
  beforeEach(() => open('f', frameOf()));

  it('takes one click for each part', () => {
    MOUSE.keypoints.forEach((_, i) => {
      expect(editor.state.keypoint).toBe(i);
      click(10 * i + 5, 20);
    });
    expect(editor.state.keypoint).toBeNull();
    expect(stateOf(editor.state.labels)).toBe('labeled');
    expect(points().map((point) => point.position?.x)).toEqual([5, 15, 25, 35, 45]);
    expect(changed).toHaveLength(5);
  });

  it('places next to, and on, points that are there', () => {
    click(50, 50);
    click(50, 50);
    click(51, 50);
    expect(points().filter((point) => point.position)).toHaveLength(3);
  });

  it('places occluded with Shift, and absent without a position', () => {
    click(50, 50, { shift: true });
    editor.markAbsent();
    expect(points().slice(0, 2)).toEqual([placed(imagePoint(50, 50), 'occluded'), ABSENT]);
    expect(editor.state.keypoint).toBe(2);
  });

  it('goes on with the part that was chosen, and comes back to the ones left out', () => {
    editor.choosePart(3);
    click(10, 10);
    click(20, 20);
    expect(editor.state.keypoint).toBe(0);
  });

  it('places at the middle of the canvas when there is no pointer', () => {
    editor.placeAtPointer();
    expect(points()[0]?.position).toEqual({ x: 49.5, y: 49.5 });
  });

  it('does nothing with a click when everything is placed and nothing chosen', () => {
    open('full', FULL);
    click(80, 80);
    expect(changed).toEqual([]);
    editor.choosePart(0);
    click(80, 80);
    expect(points()[0]?.position).toEqual({ x: 80, y: 80 });
  });

  it('goes through the frames instead of the parts in a loop', () => {
    editor.isLoop = true;
    editor.choosePart(2);
    click(10, 10);
    expect(advanced).toBe(1);
    open('g', frameOf());
    expect(editor.state.keypoint).toBe(2);
  });
});

describe('refining', () => {
  beforeEach(() => {
    open(
      'f',
      frameOf(
        instanceOf(
          'x',
          MOUSE.keypoints.map((_, i) => maybe(10 + 20 * i, 50)),
        ),
      ),
    );
  });

  it('moves the nearest unconfirmed point and confirms it', () => {
    editor.hover(on(54, 60));
    expect(targetOf(editor.state)).toMatchObject({ kind: 'refine', keypoint: 2 });
    click(54, 60);
    expect(points()[2]).toEqual(at(54, 60));
    expect(points().filter(isUnconfirmed)).toHaveLength(4);
    editor.hover(on(54, 60));
    expect(targetOf(editor.state)?.keypoint).not.toBe(2);
  });

  it('moves another one after Tab, until the pointer goes elsewhere', () => {
    editor.hover(on(54, 60));
    expect(editor.turnTarget()).toBe(true);
    expect(targetOf(editor.state)?.keypoint).toBe(3);
    editor.hover(on(55, 60));
    expect(targetOf(editor.state)?.keypoint).toBe(3);
    editor.hover(on(12, 60));
    expect(targetOf(editor.state)?.keypoint).toBe(0);
  });

  it('accepts the rest at once, and takes that back at once', () => {
    click(54, 60);
    editor.acceptAll();
    expect(points().some(isUnconfirmed)).toBe(false);
    expect(points()[0]?.origin).toBe('accepted');
    editor.undo();
    expect(points().filter(isUnconfirmed)).toHaveLength(4);
  });

  it('moves a confirmed point by dragging it', () => {
    editor.acceptAll();
    drag([30, 50], [32, 70]);
    expect(points()[1]).toEqual(at(32, 70));
  });

  it('asks for the parts that nobody proposed first', () => {
    open('g', frameOf(instanceOf('x', [maybe(10, 50), maybe(30, 50)])));
    editor.hover(on(11, 51));
    expect(targetOf(editor.state)).toMatchObject({ kind: 'place', keypoint: 2 });
    editor.turnTarget();
    expect(targetOf(editor.state)).toMatchObject({ kind: 'refine', keypoint: 0 });
  });
});

describe('dragging', () => {
  beforeEach(() => open('f', FULL));

  it('shows the drag before it is done, and counts it as one step', () => {
    editor.press(on(10, 50), PLAIN);
    editor.hover(on(10, 60));
    editor.hover(on(10, 70));
    expect(points()[0]?.position).toEqual({ x: 10, y: 70 });
    expect(changed).toEqual([]);
    editor.release(on(10, 71));
    expect(points()[0]?.position).toEqual({ x: 10, y: 71 });
    expect(changed).toEqual(['f']);
    editor.undo();
    expect(points()[0]?.position).toEqual({ x: 10, y: 50 });
  });

  it('is given up with Escape', () => {
    editor.press(on(10, 50), PLAIN);
    editor.hover(on(10, 70));
    expect(editor.cancelGesture()).toBe(true);
    editor.release(on(10, 70));
    expect(points()[0]?.position).toEqual({ x: 10, y: 50 });
  });

  it('moves the animal with Alt and the limb with Ctrl', () => {
    drag([10, 50], [10, 60], { alt: true });
    expect(points().every((point) => point.position?.y === 60)).toBe(true);
    drag([10, 60], [10, 80], { ctrl: true });
    expect(points().map((point) => point.position?.y)).toEqual([80, 60, 60, 60, 60]);
  });

  it('pans where nothing is', () => {
    const before = on(0, 0);
    drag([90, 90], [80, 90]);
    expect(on(0, 0).x - before.x).toBeCloseTo(-10 * (editor.state.view?.scale ?? 0), 6);
    expect(changed).toEqual([]);
  });
});

describe('small changes', () => {
  beforeEach(() => open('f', FULL));

  it('nudges the chosen part, and undoes quick nudges together', () => {
    editor.choosePart(1);
    editor.nudge(1, 0);
    editor.nudge(1, 0);
    editor.nudge(0, -1);
    expect(points()[1]?.position).toEqual({ x: 27, y: 49 });
    editor.undo();
    expect(points()[1]?.position).toEqual({ x: 25, y: 50 });
  });

  it('nudges what was placed last while another part is next', () => {
    open('g', frameOf());
    click(20, 20);
    editor.nudge(0, 1);
    expect(points()[0]?.position).toEqual({ x: 20, y: 21 });
  });

  it('toggles occlusion of the point under the pointer only', () => {
    editor.toggleOccluded(on(10, 51));
    expect(points()[0]?.visibility).toBe('occluded');
    editor.toggleOccluded(on(10, 51));
    expect(points()[0]?.visibility).toBe('visible');
    editor.toggleOccluded(on(90, 90));
    expect(changed).toHaveLength(2);
  });

  it('swaps the sides of the animal', () => {
    editor.swapSides();
    expect(
      points()
        .slice(1, 3)
        .map((point) => point.position?.x),
    ).toEqual([40, 25]);
  });

  it('removes a point, which is next then', () => {
    editor.choosePart(1);
    editor.clearPoint();
    expect(editor.state.keypoint).toBe(1);
    click(60, 60);
    expect(points()[1]).toEqual(at(60, 60));
  });
});

describe('several animals', () => {
  it('begins the second with its number', () => {
    open('f', frameOf());
    click(10, 10);
    editor.chooseInstance(1);
    expect(editor.state.keypoint).toBe(0);
    click(60, 60);
    editor.chooseInstance(0);
    expect(editor.state.keypoint).toBe(1);
    expect(editor.state.labels.instances.map((instance) => instance.points[0]?.position?.x)).toEqual([10, 60]);
  });

  it('knows them by name where they have one', () => {
    editor = new Editor(MOUSE, ['Ada', 'Bob'], { onChange: () => undefined });
    editor.resize({ width: 416, height: 416 });
    open('f', frameOf());
    editor.chooseInstance(1);
    click(10, 10);
    expect(editor.state.labels.instances[0]?.individual).toBe('Bob');
  });

  it('leaves no trace of an animal that got no point', () => {
    open('f', frameOf());
    editor.chooseInstance(1);
    expect(editor.state.labels.instances).toEqual([]);
  });

  it('refines the active one while it has something unconfirmed', () => {
    open(
      'f',
      frameOf(
        instanceOf(
          'x',
          MOUSE.keypoints.map(() => maybe(10, 10)),
        ),
        instanceOf('y', [maybe(50, 50)]),
      ),
    );
    editor.chooseInstance(0);
    editor.hover(on(49, 49));
    expect(targetOf(editor.state)?.instance).toBe(firstId());
  });
});

describe('a frame without an animal', () => {
  it('is said so by a person, and no longer once a point is placed', () => {
    open('f', FULL);
    editor.toggleNoAnimal();
    expect(editor.state.labels).toEqual({ instances: [], noAnimal: true });
    click(10, 10);
    expect(editor.state.labels.noAnimal).toBe(false);
    editor.undo();
    expect(editor.state.labels).toEqual({ instances: [], noAnimal: true });
    editor.undo();
    expect(points()).toHaveLength(5);
  });
});

describe('undo over frames', () => {
  it('says which frame it was in, and changes that one', () => {
    open('f', frameOf());
    click(10, 10);
    open('g', frameOf());
    click(20, 20);
    expect(editor.undo()).toBe('g');
    expect(editor.undo()).toBe('f');
    expect(editor.documents.labels('f').instances).toEqual([]);
    expect(editor.undo()).toBeNull();
    expect(editor.redo()).toBe('f');
    expect(editor.documents.labels('f').instances[0]?.points[0]?.position).toEqual({ x: 10, y: 10 });
    expect(changed).toEqual(['f', 'g', 'g', 'f', 'f']);
  });

  it('makes the part that came free the next one', () => {
    open('f', frameOf());
    click(10, 10);
    click(20, 20);
    editor.undo();
    expect(editor.state.keypoint).toBe(1);
    editor.undo();
    expect(editor.state.keypoint).toBe(0);
    click(30, 30);
    expect(points()[0]?.position?.x).toBe(30);
  });
});

describe('undo among several animals', () => {
  const NAMED = frameOf(instanceOf('x', [at(10, 10)], 'Ada'), instanceOf('y', [at(60, 60)], 'Bob'));
  const active = () => editor.state.instance?.individual;
  const animals = () => editor.state.labels.instances.map(({ individual }) => individual);

  beforeEach(() => {
    editor = new Editor(MOUSE, ['Ada', 'Bob'], { onChange: () => undefined });
    editor.resize({ width: 416, height: 416 });
    open('f', NAMED);
  });

  it('makes the animal active that came back, so that removing again removes the same', () => {
    editor.chooseInstance(1);
    editor.removeInstance();
    expect(active()).toBe('Ada');
    editor.undo();
    expect(active()).toBe('Bob');
    editor.removeInstance();
    expect(animals()).toEqual(['Ada']);
  });

  it('makes the animal active that changed, and leaves the active one where that is among them', () => {
    editor.chooseInstance(1);
    editor.rotate(1);
    click(20, 20);
    editor.chooseInstance(0);
    editor.undo();
    expect([active(), editor.state.keypoint]).toEqual(['Bob', 1]);
    editor.chooseInstance(0);
    editor.redo();
    expect(active()).toBe('Bob');
    editor.nameInstance('Ada');
    editor.undo();
    expect(active()).toBe('Bob');
  });

  it('keeps the animal whose first point is taken back', () => {
    open('g', frameOf(...NAMED.instances.slice(0, 1)));
    editor.chooseInstance(1);
    click(60, 60);
    editor.undo();
    expect([active(), editor.state.keypoint]).toEqual(['Bob', 0]);
    editor.redo();
    expect(animals()).toEqual(['Ada', 'Bob']);
  });

  it('does so when the frame has to be shown first', () => {
    editor.chooseInstance(1);
    editor.removeInstance();
    open('g', frameOf());
    editor.undo();
    editor.open('f', IMAGE);
    expect(active()).toBe('Bob');
    editor.chooseInstance(0);
    editor.open('g', IMAGE);
    editor.open('f', IMAGE);
    expect(active()).toBe('Ada');
  });
});

describe('filling and conflicts', () => {
  it('keeps the animal that is active, also before its first point', () => {
    editor = new Editor(MOUSE, ['Ada', 'Bob'], { onChange: () => undefined });
    editor.resize({ width: 416, height: 416 });
    open('f', frameOf(instanceOf('x', [at(10, 10)], 'Ada')));
    editor.chooseInstance(1);
    expect(editor.fill(frameOf(), 'an empty frame')).toBe(0);
    expect(editor.state.instance?.individual).toBe('Bob');
    editor.fill(frameOf(instanceOf('y', [at(60, 60)], 'Bob')), 'the last frame');
    expect(editor.state.instance).toBe(editor.state.labels.instances[1]);
  });

  it('copies the last frame as unconfirmed, into an empty frame', () => {
    open('f', frameOf());
    expect(editor.fill(FULL, 'the last frame')).toBe(5);
    expect(stateOf(editor.state.labels)).toBe('unconfirmed');
    expect(editor.state.keypoint).toBeNull();
    editor.undo();
    expect(editor.state.labels.instances).toEqual([]);
    expect(editor.state.keypoint).toBe(0);
  });

  it('shows what another person saved, and lets one choose', () => {
    open('f', FULL);
    editor.choosePart(0);
    click(90, 90);
    const theirs = FULL.instances[0]?.points.with(0, at(1, 1)) ?? [];
    editor.documents.receive('f', frameOf(instanceOf('x', theirs)));
    editor.refresh();
    expect(points()[0]).toEqual(at(1, 1));
    const [conflict] = editor.state.conflicts;
    if (!conflict) throw new Error('there is a conflict');
    editor.resolveConflict(conflict, 'mine');
    expect(points()[0]).toEqual(at(90, 90));
    expect(editor.state.conflicts).toEqual([]);
  });
});
