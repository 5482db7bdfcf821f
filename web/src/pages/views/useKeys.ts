import { useEffect, useRef, useState } from 'react';
import { readStored, writeStored } from '../../app/storage';
import { type Action, Keymap } from '../../engine/keymap';

/** Listen to the keys of a page, and keep under `name` what a person changed about them. */
export function usePageKeys<Id extends string>(
  name: string,
  actions: readonly Action[],
  isOff: boolean,
  perform: (id: Id) => void,
) {
  const [keymap, setKeymap] = useState(() => restore(name, actions));
  const latest = useRef(perform);
  latest.current = perform;
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (isOff || event.defaultPrevented || isForField(event)) return;
      const action = keymap.resolve(event);
      if (!action) return;
      event.preventDefault();
      latest.current(action.id as Id);
    };
    window.addEventListener('keydown', down);
    return () => window.removeEventListener('keydown', down);
  }, [keymap, isOff]);
  const change = (next: Keymap) => {
    setKeymap(next);
    writeStored(name, JSON.stringify(next.overrides));
  };
  return { keymap, setKeymap: change };
}

function restore(name: string, actions: readonly Action[]): Keymap {
  try {
    return Keymap.restore(actions, JSON.parse(readStored(name) ?? '{}'));
  } catch {
    return new Keymap(actions);
  }
}

function isForField(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input:not([type=checkbox]), textarea, select')) return true;
  return [' ', 'Enter'].includes(event.key) && target.matches('button:focus-visible, a:focus-visible');
}
