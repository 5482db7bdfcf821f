/** Every key of the page, made from the registry that the keys are resolved with; each can be changed here. */

import { useEffect, useState } from 'react';
import { type Action, chordOf, type Keymap } from '../engine/keymap';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { KeyHint } from './KeyHint';
import './KeySheet.css';

/** What the pointer does, which cannot be changed. */
export interface PointerHint {
  readonly gesture: string;
  readonly does: string;
}

interface Props {
  readonly keymap: Keymap;
  readonly onChange: (keymap: Keymap) => void;
  readonly onClose: () => void;
  readonly pointer?: readonly PointerHint[];
}

export function KeySheet({ keymap, onChange, onClose, pointer = [] }: Props) {
  const [listening, setListening] = useState<Action | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    if (!listening) return;
    const take = (event: KeyboardEvent) => {
      const chord = chordOf(event);
      if (!chord) return;
      event.preventDefault();
      event.stopPropagation();
      setListening(null);
      if (chord === 'Escape') return;
      const result = keymap.rebind(listening.id, [chord]);
      setProblem(wordsFor(result.kind === 'taken' ? result.by.label : null, result.kind));
      if (result.kind === 'bound') onChange(result.keymap);
    };
    window.addEventListener('keydown', take, { capture: true });
    return () => window.removeEventListener('keydown', take, { capture: true });
  }, [listening, keymap, onChange]);

  return (
    <Dialog
      actions={
        <>
          <Button disabled={Object.keys(keymap.overrides).length === 0} onClick={() => onChange(keymap.reset())}>
            All keys as they were
          </Button>
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </>
      }
      isWide
      onClose={onClose}
      text="Click a key to change it."
      title="Keys"
    >
      <p aria-live="polite" className="key-sheet__problem small">
        {listening ? `Press the key for “${listening.label}”, or Escape` : problem}
      </p>
      <div className="key-sheet">
        {[...keymap.groups()].map(([group, actions]) => (
          <section key={group}>
            <h3>{group}</h3>
            {actions.map((action) => (
              <div className="key-sheet__row" key={action.id}>
                <span>{action.label}</span>
                <button
                  aria-pressed={listening?.id === action.id}
                  className="key-sheet__keys"
                  disabled={keymap.keysOf(action.id).length > 2}
                  onClick={() => setListening(action)}
                  type="button"
                >
                  <span className="visually-hidden">Change the key for: {action.label}, now </span>
                  <Keys chords={keymap.keysOf(action.id)} />
                </button>
              </div>
            ))}
          </section>
        ))}
        <section hidden={pointer.length === 0}>
          <h3>Pointer</h3>
          {pointer.map(({ gesture, does }) => (
            <div className="key-sheet__row" key={gesture}>
              <span>{does}</span>
              <span className="soft">{gesture}</span>
            </div>
          ))}
        </section>
      </div>
    </Dialog>
  );
}

/** Two keys are shown; of a row of keys, such as the digits, the first and the last. */
function Keys({ chords }: { chords: readonly string[] }) {
  const [first, second] = chords;
  const last = chords.at(-1);
  if (!first) return <span className="faint">no key</span>;
  return (
    <>
      <KeyHint chord={first} />
      {chords.length === 2 && second && (
        <>
          <span className="faint small">or</span>
          <KeyHint chord={second} />
        </>
      )}
      {chords.length > 2 && last && (
        <>
          <span className="faint small">to</span>
          <KeyHint chord={last} />
        </>
      )}
    </>
  );
}

function wordsFor(other: string | null, kind: 'bound' | 'taken' | 'reserved'): string | null {
  if (kind === 'taken') return `That key is taken: “${other}”. Give that another key first.`;
  if (kind === 'reserved') return 'The browser keeps that key for itself. Choose another.';
  return null;
}
