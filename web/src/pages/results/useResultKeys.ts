import { useCallback, useEffect, useRef, useState } from 'react';
import { readStored, writeStored } from '../../app/storage';
import { Keymap } from '../../engine/keymap';
import { RESULT_ACTIONS, type ResultActionId } from './keys';
import type { ResultSession } from './resultSession';

interface Controls {
  readonly openGoTo: () => void;
  readonly openHelp: () => void;
  readonly label: () => void;
}

const NAME = 'results.keys';
const ZOOM_STEP = 1.5;

/** Listen to the keys of the page, and keep what a person changed about them. */
export function useResultKeys(session: ResultSession, isOff: boolean, controls: Controls) {
  const [keymap, setKeymap] = useState(restore);
  const latest = useRef(controls);
  latest.current = controls;
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (isOff || event.defaultPrevented || isForField(event)) return;
      const action = keymap.resolve(event);
      if (!action) return;
      event.preventDefault();
      perform(action.id as ResultActionId, session, latest.current);
    };
    window.addEventListener('keydown', down);
    return () => window.removeEventListener('keydown', down);
  }, [session, keymap, isOff]);
  const change = useCallback((next: Keymap) => {
    setKeymap(next);
    writeStored(NAME, JSON.stringify(next.overrides));
  }, []);
  return { keymap, setKeymap: change };
}

function perform(id: ResultActionId, session: ResultSession, controls: Controls): void {
  const { nRows } = session.data;
  const actions: Readonly<Record<ResultActionId, () => void>> = {
    next: () => session.step(1),
    previous: () => session.step(-1),
    'next-10': () => session.step(10),
    'previous-10': () => session.step(-10),
    first: () => session.step(-nRows),
    last: () => session.step(nRows),
    play: () => session.togglePlay(),
    'go-to': controls.openGoTo,
    'zoom-in': () => session.zoomAtRow(1 / ZOOM_STEP),
    'zoom-out': () => session.zoomAtRow(ZOOM_STEP),
    'show-all': () => session.showAll(),
    label: controls.label,
    help: controls.openHelp,
  };
  actions[id]();
}

function restore(): Keymap {
  try {
    return Keymap.restore(RESULT_ACTIONS, JSON.parse(readStored(NAME) ?? '{}'));
  } catch {
    return new Keymap(RESULT_ACTIONS);
  }
}

function isForField(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input:not([type=checkbox]), textarea, select')) return true;
  return (
    [' ', 'Enter'].includes(event.key) && target.matches('button:focus-visible, a:focus-visible, input:focus-visible')
  );
}
