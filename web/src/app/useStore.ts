/** Parts of the editor's and the session's state for components; each renders only when its part changes. */

import { useRef, useSyncExternalStore } from 'react';

interface Store<S> {
  readonly state: S;
  readonly subscribe: (listener: () => void) => () => void;
}

/** The part of a store's state that `select` picks; arrays are compared item by item. */
export function useStore<S, T>(store: Store<S>, select: (state: S) => T): T {
  const last = useRef<T | null>(null);
  return useSyncExternalStore(store.subscribe, () => {
    const next = select(store.state);
    if (last.current !== null && isSame(last.current, next)) return last.current;
    last.current = next;
    return next;
  });
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  return (
    Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, place) => Object.is(item, b[place]))
  );
}
