/** The keys of a page: one registry from which keys are resolved, the help sheet is made and changes are stored. */

export interface Action {
  readonly id: string;
  readonly group: string;
  /** What it does, as the help sheet says it. */
  readonly label: string;
  /** Chords such as "A", "Ctrl+Shift+Z", "Shift+ArrowLeft" or "?". */
  readonly keys: readonly string[];
  /** It lasts as long as the key is held. */
  readonly isHeld?: boolean;
}

/** What a keyboard event tells; a DOM KeyboardEvent is one. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

export type Overrides = Readonly<Record<string, readonly string[]>>;

export type Rebinding =
  | { readonly kind: 'bound'; readonly keymap: Keymap }
  | { readonly kind: 'taken'; readonly by: Action }
  | { readonly kind: 'reserved' };

/** Browsers keep these for themselves, whatever a page asks. */
const RESERVED = new Set([
  ...['N', 'T', 'W', 'Tab', 'Shift+N', 'Shift+T', 'Shift+W', 'Shift+Tab'].map((key) => `Ctrl+${key}`),
  ...Array.from({ length: 9 }, (_, digit) => `Ctrl+${digit + 1}`),
]);
const MODIFIERS = new Set(['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Dead', 'Unidentified']);

/** The chord of a key press, or null for a modifier alone. The command key of a Mac counts as Ctrl. */
export function chordOf(press: KeyPress): string | null {
  if (MODIFIERS.has(press.key)) return null;
  const key = press.key === ' ' ? 'Space' : press.key.length === 1 ? press.key.toUpperCase() : press.key;
  // A sign such as "?" needs Shift on some keyboards and not on others, so Shift says nothing about it.
  const shiftMatters = key.length > 1 || key !== press.key.toLowerCase();
  return [
    ...(press.ctrlKey || press.metaKey ? ['Ctrl'] : []),
    ...(press.altKey ? ['Alt'] : []),
    ...(press.shiftKey && shiftMatters ? ['Shift'] : []),
    key,
  ].join('+');
}

const SYMBOLS: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
};

/** The keys of a chord as a person reads them on the keyboard. */
export function chordParts(chord: string): string[] {
  return chord.split(/\+(?=.)/).map((part) => SYMBOLS[part] ?? part);
}

export class Keymap {
  private readonly byChord: ReadonlyMap<string, Action>;

  /** Throws where two actions share a chord by default: that is a mistake in the registry. */
  constructor(
    readonly actions: readonly Action[],
    readonly overrides: Overrides = {},
  ) {
    const byChord = new Map<string, Action>();
    for (const action of actions) {
      for (const chord of this.keysOf(action.id)) {
        const other = byChord.get(chord);
        if (other) throw new Error(`${chord} is bound to both ${other.id} and ${action.id}`);
        byChord.set(chord, action);
      }
    }
    this.byChord = byChord;
  }

  /** A keymap with stored changes, without those that no longer make sense. */
  static restore(actions: readonly Action[], stored: unknown): Keymap {
    let keymap = new Keymap(actions);
    if (typeof stored !== 'object' || stored === null) return keymap;
    for (const [id, chords] of Object.entries(stored)) {
      if (!keymap.find(id) || !Array.isArray(chords)) continue;
      const result = keymap.rebind(
        id,
        chords.filter((chord): chord is string => typeof chord === 'string'),
      );
      if (result.kind === 'bound') keymap = result.keymap;
    }
    return keymap;
  }

  find(id: string): Action | undefined {
    return this.actions.find((action) => action.id === id);
  }

  keysOf(id: string): readonly string[] {
    return this.overrides[id] ?? this.find(id)?.keys ?? [];
  }

  /** The action of a key press, or null. A held action is found whatever modifiers are down. */
  resolve(press: KeyPress): Action | null {
    const chord = chordOf(press);
    return (chord !== null && this.byChord.get(chord)) || null;
  }

  /** Give an action other keys. */
  rebind(id: string, chords: readonly string[]): Rebinding {
    if (chords.some((chord) => RESERVED.has(chord))) return { kind: 'reserved' };
    for (const chord of chords) {
      const other = this.byChord.get(chord);
      if (other && other.id !== id) return { kind: 'taken', by: other };
    }
    return { kind: 'bound', keymap: new Keymap(this.actions, { ...this.overrides, [id]: chords }) };
  }

  /** Every action with its own keys again. */
  reset(): Keymap {
    return new Keymap(this.actions);
  }

  /** The actions in their groups, in the order of the registry: what the help sheet shows. */
  groups(): ReadonlyMap<string, readonly Action[]> {
    const groups = new Map<string, Action[]>();
    for (const action of this.actions) groups.set(action.group, [...(groups.get(action.group) ?? []), action]);
    return groups;
  }
}
