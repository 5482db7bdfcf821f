/**
 * Addresses live behind the "#", queries included: whatever prefix a proxy puts the application under, and whether it
 * tells or not, the server sees one address only.
 */
import { useSyncExternalStore } from 'react';

export interface NavigateOptions {
  replace?: boolean;
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange);
  return () => window.removeEventListener('hashchange', onChange);
}

/** The present address: a page and its query. */
export function currentAddress(): string {
  const hash = window.location.hash.slice(1);
  return hash.startsWith('/') ? hash : `/${hash}`;
}

function split(location: string): [path: string, search: string] {
  const at = location.indexOf('?');
  return at < 0 ? [location, ''] : [location.slice(0, at), location.slice(at + 1)];
}

/** Go to a page; "?a=b" alone changes the query of the present page. */
export function navigate(to: string, options: NavigateOptions = {}): void {
  const target = to.startsWith('?') ? split(currentAddress())[0] + (to === '?' ? '' : to) : to;
  if (target === currentAddress()) return;
  const url = new URL(window.location.href);
  url.hash = target;
  if (options.replace) {
    window.history.replaceState(null, '', url);
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    window.location.hash = target;
  }
}

export function useHashPath(): [string, (to: string, options?: NavigateOptions) => void] {
  return [useSyncExternalStore(subscribe, () => split(currentAddress())[0]), navigate];
}
useHashPath.hrefs = (href: string): string => `#${href}`;

export function useHashSearch(): string {
  return useSyncExternalStore(subscribe, () => split(currentAddress())[1]);
}
