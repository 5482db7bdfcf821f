/**
 * Names this tab among those of one person; a tab that is loaded again keeps its name.
 *
 * The name lies in the tab's storage only from one page to the next: a duplicated tab takes a copy of the storage along,
 * and is another one.
 */

const KEY = 'marey.page';

/** Also made on servers without a secure context, where the browser makes no identifiers. */
export const PAGE_ID = take() ?? `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

window.addEventListener('pagehide', leave);
// The browser may show a page again that was left, as it was.
window.addEventListener('pageshow', take);

function take(): string | null {
  try {
    const name = window.sessionStorage.getItem(KEY);
    window.sessionStorage.removeItem(KEY);
    return name;
  } catch {
    return null;
  }
}

function leave(): void {
  try {
    window.sessionStorage.setItem(KEY, PAGE_ID);
  } catch {
    // Without storage, the tab has another name when it is loaded again.
  }
}
