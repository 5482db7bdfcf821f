/**
 * The token that lets this page in. The server also gives a cookie for it, which pictures need; inside the frame of a
 * notebook browsers withhold cookies, so requests carry the token themselves, too.
 */

const KEY = 'marey.token';

/** Take the token out of the address, where it would end up in bookmarks, and keep it for this tab. */
export function takeToken(): void {
  const url = new URL(window.location.href);
  const token = url.searchParams.get('token');
  if (token === null) return;
  try {
    window.sessionStorage.setItem(KEY, token);
  } catch {
    return; // without storage the address keeps it, so that the page can be loaded again
  }
  url.searchParams.delete('token');
  window.history.replaceState(null, '', url);
}

export function readToken(): string | null {
  try {
    return window.sessionStorage.getItem(KEY);
  } catch {
    return new URL(window.location.href).searchParams.get('token');
  }
}
