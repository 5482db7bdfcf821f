import { beforeEach, expect, test, vi } from 'vitest';

/** Load the page anew, in this tab. */
async function load(): Promise<string> {
  vi.resetModules();
  return (await import('./pageId')).PAGE_ID;
}

const leave = () => window.dispatchEvent(new Event('pagehide'));

beforeEach(() => window.sessionStorage.clear());

test('a tab that is loaded again keeps its name', async () => {
  const first = await load();
  leave();
  expect(await load()).toBe(first);
});

test('a duplicated tab has a name of its own, though it takes a copy of the storage along', async () => {
  const first = await load();
  expect(await load()).not.toBe(first);
  leave();
  const again = await load();
  expect(await load()).not.toBe(again);
});

test('a page that the browser shows again as it was does not leave its name to a duplicate', async () => {
  const first = await load();
  leave();
  window.dispatchEvent(new Event('pageshow'));
  expect(await load()).not.toBe(first);
});

test('where storage is forbidden, there is a name all the same', async () => {
  const forbidden = vi.spyOn(window, 'sessionStorage', 'get').mockImplementation(() => {
    throw new DOMException('forbidden', 'SecurityError');
  });
  expect(await load()).not.toBe('');
  leave();
  forbidden.mockRestore();
});
