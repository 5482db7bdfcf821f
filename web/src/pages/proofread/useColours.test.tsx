import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, test } from 'vitest';
import { useColours } from './useColours';

let colours: readonly string[];

function Colours({ names }: { names: readonly string[] }) {
  colours = useColours(names);
  return null;
}

test('a track keeps its colour under another name, and while others come and go', () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  const root = createRoot(document.createElement('div'));
  const show = (...names: string[]) => {
    act(() => root.render(<Colours names={names} />));
    return colours;
  };
  const [first, second, third] = show('a', 'b', 'c');
  expect(show('a', 'mouse B', 'c')).toEqual([first, second, third]);
  expect(show('mouse B', 'c')).toEqual([second, third]);
  expect(show('b', 'c')).toEqual([second, third]);
  act(() => root.unmount());
});
