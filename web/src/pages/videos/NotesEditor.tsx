import { Plus, X } from 'lucide-react';
import type { Schemas } from '../../api/client';
import { Button, IconButton } from '../../components/Button';

export interface Note {
  id: number;
  name: string;
  value: string;
}

type Metadata = Schemas['Video']['metadata'];

export function toNotes(metadata: Metadata): Note[] {
  return Object.entries(metadata).map(([name, value], id) => ({
    id,
    name,
    value: value === null ? '' : String(value),
  }));
}

/** What looks like a number is one, so that tables can be sorted by it. */
export function toMetadata(notes: readonly Note[]): Metadata {
  const named = notes.filter(({ name }) => name.trim() !== '');
  return Object.fromEntries(named.map(({ name, value }) => [name.trim(), parse(value.trim())]));
}

function parse(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(\d+\.?\d*|\.\d+)$/.test(text) && !/^-?0\d/.test(text) ? Number(text) : text;
}

/** What people note about a video: columns of the table, such as the animal, the day or the treatment. */
export function NotesEditor({ notes, onChange }: { notes: readonly Note[]; onChange: (notes: Note[]) => void }) {
  const change = (id: number, part: Partial<Note>) =>
    onChange(notes.map((note) => (note.id === id ? { ...note, ...part } : note)));
  const nextId = Math.max(-1, ...notes.map((note) => note.id)) + 1;
  return (
    <fieldset className="stack choices" style={{ '--gap': 'var(--space-2)' } as React.CSSProperties}>
      <legend className="field__label">Notes</legend>
      {notes.length === 0 && (
        <p className="field__hint">Each becomes a column of the table: animal, day, treatment …</p>
      )}
      {notes.map((note) => (
        <div className="note-row" key={note.id}>
          <input
            aria-label="Column"
            className="input input--sm"
            onChange={(event) => change(note.id, { name: event.target.value })}
            placeholder="treatment"
            value={note.name}
          />
          <input
            aria-label={`Value of ${note.name || 'the column'}`}
            className="input input--sm"
            onChange={(event) => change(note.id, { value: event.target.value })}
            placeholder="saline"
            value={note.value}
          />
          <IconButton
            icon={X}
            label={`Remove ${note.name || 'the column'}`}
            onClick={() => onChange(notes.filter((other) => other.id !== note.id))}
            size="sm"
          />
        </div>
      ))}
      <div>
        <Button icon={Plus} onClick={() => onChange([...notes, { id: nextId, name: '', value: '' }])} size="sm">
          Add a note
        </Button>
      </div>
    </fieldset>
  );
}
