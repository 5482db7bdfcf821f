import { act, createElement } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { navigate } from './hashLocation';
import { useShownInAddress } from './useShownInAddress';

type Shown = Readonly<Record<string, string>> | null;

let root: Root;
let asked: string[];

function Page({ shown }: { shown: Shown }) {
  useShownInAddress(shown, (query) => asked.push(query.toString()));
  return null;
}

const show = (shown: Shown) => act(() => root.render(createElement(Page, { shown })));
const wait = (ms: number) => act(() => vi.advanceTimersByTime(ms));
const somebodyGoesTo = (to: string) => act(() => navigate(to, { replace: true }));

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  vi.useFakeTimers();
  window.location.hash = '/p/a/results?frame=7';
  asked = [];
  root = createRoot(document.createElement('div'));
});

afterEach(() => {
  act(() => root.unmount());
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('what the address asks for comes first, then it follows what is shown', () => {
  show(null);
  wait(1000);
  expect(asked).toEqual(['frame=7']);
  expect(window.location.hash).toBe('#/p/a/results?frame=7');
  show({ frame: '8', animal: 'a b' });
  wait(0);
  expect(window.location.hash).toBe('#/p/a/results?frame=8&animal=a+b');
  expect(asked).toEqual(['frame=7']);
});

test('while something plays, it is written now and then, and the last place at the end', () => {
  const length = window.history.length;
  const replace = vi.spyOn(window.history, 'replaceState');
  for (let frame = 0; frame < 60; frame += 1) {
    show({ frame: `${frame}` });
    wait(33);
  }
  expect(replace.mock.calls.length).toBeGreaterThan(4);
  expect(replace.mock.calls.length).toBeLessThan(10);
  wait(250);
  expect(window.location.hash).toBe('#/p/a/results?frame=59');
  expect(window.history.length).toBe(length);
  expect(asked).toEqual(['frame=7']);
});

test('an address that somebody else wrote is followed, and not written over', () => {
  show({ frame: '8' });
  wait(0);
  show({ frame: '9' });
  somebodyGoesTo('?frame=100');
  wait(1000);
  expect(asked).toEqual(['frame=7', 'frame=100']);
  expect(window.location.hash).toBe('#/p/a/results?frame=100');
  show({ frame: '101' });
  wait(1000);
  expect(window.location.hash).toBe('#/p/a/results?frame=101');
});

test('another page keeps its own address', () => {
  show({ frame: '8' });
  wait(0);
  show({ frame: '9' });
  somebodyGoesTo('/p/a/label?frame=8');
  act(() => root.render(null));
  wait(1000);
  expect(window.location.hash).toBe('#/p/a/label?frame=8');
});
