import { useEffect, useRef } from 'react';
import { currentAddress, navigate, useHashSearch } from './hashLocation';

/** While something plays, the address changes this often at most: browsers refuse more than a few changes a second. */
const WRITE_EVERY_MS = 250;

/**
 * Keeps the query of the address as what is shown, so that it can be kept, shared and come back to; the history does not
 * grow. `follow` goes to what the address asked for at first, and whenever somebody else changes it later.
 *
 * Nothing is written while `shown` is null.
 */
export function useShownInAddress(
  shown: Readonly<Record<string, string>> | null,
  follow: (asked: URLSearchParams) => void,
): void {
  const search = useHashSearch();
  const query = shown && new URLSearchParams(shown).toString();
  const known = useRef<string | null>(null);
  const writtenAt = useRef(Number.NEGATIVE_INFINITY);
  const pending = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(follow);
  latest.current = follow;

  useEffect(() => {
    if (currentAddress() === known.current) return;
    known.current = currentAddress();
    clearTimeout(pending.current);
    latest.current(new URLSearchParams(search));
  }, [search]);

  useEffect(() => {
    if (query === null) return;
    const write = () => {
      // Whoever went elsewhere meanwhile is followed, not called back.
      if (currentAddress() !== known.current) return;
      writtenAt.current = performance.now();
      navigate(`?${query}`, { replace: true });
      known.current = currentAddress();
    };
    pending.current = setTimeout(write, writtenAt.current + WRITE_EVERY_MS - performance.now());
    return () => clearTimeout(pending.current);
  }, [query]);
}
