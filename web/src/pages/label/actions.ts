/** Carries out what a key asks for. */

import type { ScreenPoint } from '../../engine/geometry';
import { chordOf, type Keymap, type KeyPress } from '../../engine/keymap';
import type { LabelActionId } from './keys';
import type { LabelSession } from './labelSession';
import type { LabelSettings } from './settings';

/** What keys change on the page itself. */
export interface PageControls {
  readonly settings: LabelSettings;
  readonly change: (part: Partial<LabelSettings>) => void;
  readonly openGoTo: () => void;
  readonly openHelp: () => void;
  readonly hold: (what: 'loupe' | 'hide', isDown: boolean) => void;
}

const ZOOM_STEP = 1.25;
const BRIGHTNESS_STEP = 10;

/** Left, right, up, down: the order of the keys that nudge. */
const DIRECTIONS = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
] as const;

/** Do what the key is bound to; false where it is bound to nothing, so that the browser may have it. */
export function pressKey(press: KeyPress, keymap: Keymap, session: LabelSession, page: PageControls): boolean {
  const action = keymap.resolve(press);
  if (!action) return false;
  return perform(action.id as LabelActionId, press, keymap, session, page);
}

function perform(
  id: LabelActionId,
  press: KeyPress,
  keymap: Keymap,
  session: LabelSession,
  page: PageControls,
): boolean {
  const { editor } = session;
  const { settings } = page;
  switch (id) {
    case 'turn':
      return editor.turnTarget();
    case 'nudge':
    case 'nudge-far': {
      const [dx, dy] = directionOf(press, keymap, id);
      const far = id === 'nudge-far' ? 10 : 1;
      editor.nudge(dx * far, dy * far);
      return true;
    }
    case 'instance': {
      const place = keymap.keysOf('instance').indexOf(chordOf(press) ?? '');
      editor.chooseInstance(Math.max(place, 0));
      return true;
    }
    case 'deselect':
      if (!editor.cancelGesture()) editor.deselectPart();
      return true;
    case 'loop':
      session.toggleLoop();
      return true;
    case 'names':
      page.change({ showNames: !settings.showNames });
      return true;
    case 'brighter':
      page.change({ brightness: settings.brightness + BRIGHTNESS_STEP });
      return true;
    case 'darker':
      page.change({ brightness: settings.brightness - BRIGHTNESS_STEP });
      return true;
    case 'loupe':
    case 'hide':
      page.hold(id, true);
      return true;
    default:
      SIMPLE[id](session, page);
      return true;
  }
}

type SimpleId = Exclude<
  LabelActionId,
  'turn' | 'nudge' | 'nudge-far' | 'instance' | 'deselect' | 'loop' | 'names' | 'brighter' | 'darker' | 'loupe' | 'hide'
>;

const SIMPLE: Readonly<Record<SimpleId, (session: LabelSession, page: PageControls) => void>> = {
  place: ({ editor }) => editor.placeAtPointer(),
  absent: ({ editor }) => editor.markAbsent(),
  occlude: ({ editor }) => editor.toggleOccluded(),
  clear: ({ editor }) => editor.clearPoint(),
  'previous-part': ({ editor }) => editor.stepPart(-1),
  'next-part': ({ editor }) => editor.stepPart(1),
  accept: (session) => session.acceptAndGoOn(),
  swap: ({ editor }) => editor.swapSides(),
  undo: (session) => session.undo(),
  redo: (session) => session.redo(),
  copy: (session) => void session.copyLast(),
  prefill: (session) => void session.prefill(),
  'name-next': ({ editor }) => editor.nameNext(),
  'remove-instance': ({ editor }) => editor.removeInstance(),
  'no-animal': ({ editor }) => editor.toggleNoAnimal(),
  next: (session) => session.step(1),
  previous: (session) => session.step(-1),
  'next-unlabeled': (session) => session.goNextUnlabeled(),
  'go-to': (_, page) => page.openGoTo(),
  review: (session) => void session.toggleReview(),
  'zoom-in': ({ editor }) => editor.zoom(middleOf(editor.state), ZOOM_STEP),
  'zoom-out': ({ editor }) => editor.zoom(middleOf(editor.state), 1 / ZOOM_STEP),
  'look-animal': ({ editor }) => editor.lookAt('animal'),
  'look-image': ({ editor }) => editor.lookAt('image'),
  help: (_, page) => page.openHelp(),
};

/** Which way a nudge goes: by its place among the keys, so that other keys than arrows do as well. */
function directionOf(press: KeyPress, keymap: Keymap, id: string): readonly [number, number] {
  const place = keymap.keysOf(id).indexOf(chordOf(press) ?? '');
  return DIRECTIONS[place] ?? [0, 0];
}

function middleOf({ pointer, canvas }: { pointer: ScreenPoint | null; canvas: { width: number; height: number } }) {
  return pointer ?? { x: canvas.width / 2, y: canvas.height / 2 };
}
