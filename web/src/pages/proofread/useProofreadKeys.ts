import { useCallback, useLayoutEffect, useRef, useState } from 'react';
import { readStored, writeStored } from '../../app/storage';
import { Keymap } from '../../engine/keymap';
import { PROOFREAD_ACTIONS, type ProofreadActionId } from './keys';

const NAME = 'proofread.keys';
/** What a key that stays down does again and again; everything else it does once. */
const REPEATED: readonly string[] = ['next', 'previous', 'next-10', 'previous-10', 'zoom-in', 'zoom-out'];

interface Controls {
  readonly act: (id: ProofreadActionId) => void;
  /** A digit: the track of that number, from 1; with Shift as the second. */
  readonly chooseNumber: (number: number, isSecond: boolean) => void;
  /** A digit while the key for it is held: the chosen track is that of this number. */
  readonly assignNumber: (number: number) => void;
}

/** Listen to the keys of the page, and keep what a person changed about them. */
export function useProofreadKeys(isOff: boolean, controls: Controls) {
  const [keymap, setKeymap] = useState(restore);
  const latest = useRef(controls);
  latest.current = controls;
  // What is seen can be acted on: no key falls between.
  useLayoutEffect(() => {
    /** The key that is held to assign, wherever it is: what it writes depends on Shift. */
    let held: string | null = null;
    const down = (event: KeyboardEvent) => {
      if (isOff || event.defaultPrevented || isForField(event)) return;
      const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
      if (digit && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        if (held !== null) latest.current.assignNumber(Number(digit));
        else latest.current.chooseNumber(Number(digit), event.shiftKey);
        return;
      }
      const action = keymap.resolve(event);
      if (!action) return;
      event.preventDefault();
      if (event.repeat && !REPEATED.includes(action.id)) return;
      if (action.id === 'assign') held = event.code;
      else latest.current.act(action.id as ProofreadActionId);
    };
    const up = (event: KeyboardEvent) => {
      if (event.code === held) held = null;
    };
    const leave = () => {
      held = null;
    };
    window.addEventListener('keydown', down);
    window.addEventListener('keyup', up);
    window.addEventListener('blur', leave);
    return () => {
      window.removeEventListener('keydown', down);
      window.removeEventListener('keyup', up);
      window.removeEventListener('blur', leave);
    };
  }, [keymap, isOff]);
  const change = useCallback((next: Keymap) => {
    setKeymap(next);
    writeStored(NAME, JSON.stringify(next.overrides));
  }, []);
  return { keymap, setKeymap: change };
}

function restore(): Keymap {
  try {
    return Keymap.restore(PROOFREAD_ACTIONS, JSON.parse(readStored(NAME) ?? '{}'));
  } catch {
    return new Keymap(PROOFREAD_ACTIONS);
  }
}

function isForField(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input:not([type=checkbox]), textarea, select')) return true;
  return [' ', 'Enter'].includes(event.key) && target.matches('button:focus-visible, a:focus-visible');
}
