import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { useProofreadKeys } from './useProofreadKeys';

let root: Root;
let told: string[];

function Keys() {
  useProofreadKeys(false, {
    act: (id) => told.push(id),
    chooseNumber: (number, isSecond) => told.push(`choose ${number}${isSecond ? ' second' : ''}`),
    assignNumber: (number) => told.push(`assign ${number}`),
  });
  return null;
}

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  told = [];
  root = createRoot(document.createElement('div'));
  act(() => root.render(<Keys />));
});
afterEach(() => act(() => root.unmount()));

const send = (type: 'keydown' | 'keyup', code: string, key: string, shiftKey = false) =>
  window.dispatchEvent(new KeyboardEvent(type, { code, key, shiftKey }));

test('a number assigns while T is held, and chooses otherwise', () => {
  send('keydown', 'KeyT', 't');
  send('keydown', 'Digit2', '2');
  send('keyup', 'Digit2', '2');
  send('keyup', 'KeyT', 't');
  send('keydown', 'Digit2', '2');
  expect(told).toEqual(['assign 2', 'choose 2']);
});

test('T is let go whatever else is held', () => {
  send('keydown', 'KeyT', 't');
  send('keydown', 'ShiftLeft', 'Shift', true);
  send('keyup', 'KeyT', 'T', true);
  send('keyup', 'ShiftLeft', 'Shift');
  send('keydown', 'Digit2', '2');
  expect(told).toEqual(['choose 2']);
});

test('who leaves the window has let go of T', () => {
  send('keydown', 'KeyT', 't');
  window.dispatchEvent(new Event('blur'));
  send('keydown', 'Digit2', '2');
  expect(told).toEqual(['choose 2']);
});
