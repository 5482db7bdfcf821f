import { beforeEach, expect, test } from 'vitest';
import { navigate } from './hashLocation';

beforeEach(() => {
  window.location.hash = '';
});

test('a page and its query live behind the #', () => {
  navigate('/p/abc/label?video=m1&frame=42');
  expect(window.location.hash).toBe('#/p/abc/label?video=m1&frame=42');
});

test('a query alone keeps the page', () => {
  navigate('/p/abc/label?frame=1');
  navigate('?frame=2', { replace: true });
  expect(window.location.hash).toBe('#/p/abc/label?frame=2');
  navigate('?', { replace: true });
  expect(window.location.hash).toBe('#/p/abc/label');
});

test('replacing tells those who listen', () => {
  let told = 0;
  const listen = () => {
    told += 1;
  };
  window.addEventListener('hashchange', listen);
  navigate('/settings', { replace: true });
  window.removeEventListener('hashchange', listen);
  expect(told).toBe(1);
});
