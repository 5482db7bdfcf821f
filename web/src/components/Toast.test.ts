import { act, createElement } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Dialog } from './Dialog';
import { ToastProvider, useToast } from './Toast';

let root: Root;
let host: HTMLElement;
let toast: ReturnType<typeof useToast>;

function Page() {
  toast = useToast();
  return null;
}

function show(...dialogs: string[]): void {
  const open = dialogs.map((title) => createElement(Dialog, { key: title, title, onClose: () => undefined }));
  act(() => root.render(createElement(ToastProvider, null, createElement(Page), ...open)));
}

/** The title of the dialog that every message is in; null outside of dialogs. */
const places = () =>
  [...host.querySelectorAll('.toast')].map((one) => one.closest('dialog')?.querySelector('h2')?.textContent ?? null);

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
  vi.unstubAllGlobals();
});

test('messages are in the dialog on top while one is open: what is outside is below it', () => {
  show();
  act(() => toast.warn('The disk is full.'));
  expect(places()).toEqual([null]);
  show('Videos');
  expect(places()).toEqual(['Videos']);
  show('Videos', 'Really?');
  expect(places()).toEqual(['Really?']);
  act(() => toast.say('Added.'));
  expect(places()).toEqual(['Really?', 'Really?']);
  show('Videos');
  expect(places()).toEqual(['Videos', 'Videos']);
  show();
  expect(places()).toEqual([null, null]);
});

test('a message is dismissed inside of a dialog', () => {
  show('Videos');
  act(() => toast.warn('The disk is full.'));
  act(() => host.querySelector<HTMLElement>('.toast button')?.click());
  expect(places()).toEqual([]);
});
