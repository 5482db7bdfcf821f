/** Who labels: the user's name on the server's computer, unless somebody at this browser says otherwise. */
import { useState } from 'react';
import { readStored, writeStored } from './storage';

const KEY = 'labeller';

export function readLabeller(): string | null {
  return readStored(KEY);
}

export function storeLabeller(name: string): void {
  writeStored(KEY, name.trim() === '' ? null : name.trim());
}

/** The name as it is being typed; the usual name until one was chosen. */
export function useLabeller(usual: string): [string, (name: string) => void] {
  const [typed, setTyped] = useState<string | null>(readLabeller);
  return [typed ?? usual, setTyped];
}
