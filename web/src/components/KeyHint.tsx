import { chordParts } from '../engine/keymap';
import './KeyHint.css';

/** A key, or keys pressed together, as they stand on the keyboard. */
export function KeyHint({ chord }: { chord: string }) {
  return (
    <span className="keys">
      {chordParts(chord).map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a chord never change places
        <kbd className="key" key={index}>
          {part}
        </kbd>
      ))}
    </span>
  );
}
