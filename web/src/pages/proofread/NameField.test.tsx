import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NameField } from './NameField';
import { useProofreadKeys } from './useProofreadKeys';

let root: Root;
let page: HTMLElement;
let told: string[];
let refuse: (problem: unknown) => void;

function Page() {
  useProofreadKeys(false, {
    act: (id) => told.push(id),
    chooseNumber: (number) => told.push(`choose ${number}`),
    assignNumber: (number) => told.push(`assign ${number}`),
  });
  const save = (name: string, onRefused: typeof refuse) => {
    told.push(`save ${name}`);
    refuse = onRefused;
  };
  return <NameField isNearEnd={false} name="track_3" onClose={() => told.push('close')} onSave={save} />;
}

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  told = [];
  page = document.createElement('div');
  document.body.append(page);
  root = createRoot(page);
  act(() => root.render(<Page />));
});
afterEach(() => {
  act(() => root.unmount());
  page.remove();
});

const field = () => page.querySelector('input') as HTMLInputElement;
const press = (key: string, code = key, isComposing = false) =>
  act(() => field().dispatchEvent(new KeyboardEvent('keydown', { key, code, isComposing, bubbles: true })));

function type(text: string) {
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set;
  act(() => {
    setter?.call(field(), text);
    field().dispatchEvent(new Event('input', { bubbles: true }));
  });
}

test('what is typed is saved without blanks around it, and no key means a repair meanwhile', () => {
  expect(document.activeElement).toBe(field());
  for (const [key, code] of ['x', '2', 'Delete', 'u'].map((key) => [key, key === '2' ? 'Digit2' : key] as const))
    press(key, code);
  type(' 鼠 A ');
  press('Enter');
  expect(told).toEqual(['save 鼠 A']);
});

test('Escape keeps the name, and so does the name that it has already', () => {
  type('mouse A');
  press('Escape');
  type('track_3');
  press('Enter');
  expect(told).toEqual(['close', 'close']);
});

test('Enter that ends a letter made of several is none', () => {
  type('鼠');
  press('Enter', 'Enter', true);
  expect(told).toEqual([]);
});

test('why a name is refused stands beside it until another one is typed', () => {
  type('track_1');
  press('Enter');
  expect(field().readOnly).toBe(true);
  act(() => refuse(new Error("expected a new name for track_3, got 'track_1'")));
  const alert = page.querySelector('[role=alert]');
  expect(alert?.textContent).toBe("Expected a new name for track_3, got 'track_1'.");
  expect(field().getAttribute('aria-describedby')).toBe(alert?.id);
  expect(field().readOnly).toBe(false);
  type('track_12');
  expect(page.querySelector('[role=alert]')).toBeNull();
});

test('whoever leaves the field has meant what is in it, unless that was refused', () => {
  type('mouse A');
  act(() => field().blur());
  expect(told).toEqual(['save mouse A']);
  act(() => refuse(new Error('no')));
  act(() => field().blur());
  expect(told).toEqual(['save mouse A', 'close']);
});
