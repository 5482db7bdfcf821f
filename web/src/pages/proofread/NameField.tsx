/** The field in which a track is given another name, in its lane. */

import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { explain } from '../../api/errors';
import { classes } from '../../components/classes';

interface Props {
  readonly name: string;
  /** What is said below it has more room above it. */
  readonly isNearEnd: boolean;
  readonly onSave: (name: string, onRefused: (problem: unknown) => void) => void;
  readonly onClose: () => void;
}

export function NameField({ name, isNearEnd, onSave, onClose }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(name);
  const [isSaving, setIsSaving] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
    input.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  const save = () => {
    const wish = text.trim();
    if (wish === name) return onClose();
    setIsSaving(true);
    onSave(wish, (refusal) => {
      const { message, hint } = explain(refusal);
      setIsSaving(false);
      setProblem(hint ? `${message} ${hint}` : message);
      input.current?.focus();
    });
  };
  const press = (event: KeyboardEvent) => {
    // Those keys belong to the keyboard while a letter is made of several.
    if (isSaving || event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') save();
    if (event.key === 'Escape') onClose();
  };
  const leave = () => {
    // Whoever goes to another window comes back to it.
    if (isSaving || document.activeElement === input.current) return;
    if (problem === null && text.trim() !== '') save();
    else onClose();
  };
  return (
    <>
      <input
        aria-describedby={problem === null ? undefined : id}
        aria-invalid={problem !== null || undefined}
        aria-label={`New name of ${name}`}
        autoComplete="off"
        className="input lanes__field"
        onBlur={leave}
        onChange={(event) => {
          setText(event.target.value);
          setProblem(null);
        }}
        onKeyDown={press}
        readOnly={isSaving}
        ref={input}
        spellCheck={false}
        type="text"
        value={text}
      />
      {problem !== null && (
        <p className={classes('lanes__problem', isNearEnd && 'lanes__problem--above')} id={id} role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
