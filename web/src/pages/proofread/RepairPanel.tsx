/** The repairs as buttons, each with its key, and those that were done. */

import {
  ArrowLeftRight,
  Check,
  GraduationCap,
  type LucideIcon,
  Merge,
  PencilLine,
  Redo2,
  Scissors,
  Spline,
  Trash2,
  Undo2,
} from 'lucide-react';
import type { Schemas } from '../../api/client';
import { Button, IconButton } from '../../components/Button';
import { plural } from '../../components/format';
import { KeyHint } from '../../components/KeyHint';
import type { Keymap } from '../../engine/keymap';
import type { ProofreadActionId } from './keys';
import { type Choice, describeChoice } from './repairs';

const BUTTONS: readonly (readonly [ProofreadActionId, string, LucideIcon])[] = [
  ['swap', 'Exchange', ArrowLeftRight],
  ['split', 'Split', Scissors],
  ['join', 'Join', Merge],
  ['interpolate', 'Interpolate', Spline],
  ['delete', 'Delete', Trash2],
  ['rename', 'Rename', PencilLine],
  ['confirm', 'It is right', Check],
];
const MOST_SHOWN = 6;

interface Props {
  readonly tracks: Schemas['Tracks'];
  readonly choice: Choice;
  readonly keymap: Keymap;
  readonly canLearn: boolean;
  readonly onAct: (id: ProofreadActionId) => void;
}

export function RepairPanel({ tracks, choice, keymap, canLearn, onAct }: Props) {
  return (
    <section aria-label="Repair" className="repair">
      <div className="panel-head">
        <h2>Repair</h2>
        <span>
          <IconButton
            disabled={tracks.done.length === 0}
            icon={Undo2}
            label="Undo"
            onClick={() => onAct('undo')}
            size="sm"
          />
          <IconButton
            disabled={tracks.undone.length === 0}
            icon={Redo2}
            label="Do again"
            onClick={() => onAct('redo')}
            size="sm"
          />
        </span>
      </div>
      <p className="repair__choice">{describeChoice(choice)}</p>
      <div className="repair__buttons">
        {BUTTONS.map(([id, label, icon]) => (
          <Button icon={icon} key={id} onClick={() => onAct(id)} size="sm">
            {label} <KeyHint chord={keymap.keysOf(id)[0] ?? ''} />
          </Button>
        ))}
        {canLearn && (
          <Button icon={GraduationCap} onClick={() => onAct('label')} size="sm">
            Learn from this frame <KeyHint chord={keymap.keysOf('label')[0] ?? ''} />
          </Button>
        )}
        {canLearn && tracks.corrected.length > 0 && (
          <Button icon={GraduationCap} onClick={() => onAct('label-all')} size="sm">
            Learn from {plural(tracks.corrected.length, 'repaired frame')}{' '}
            <KeyHint chord={keymap.keysOf('label-all')[0] ?? ''} />
          </Button>
        )}
      </div>
      {tracks.done.length > 0 && (
        <ol aria-label="Repairs that were done" className="repair__done">
          {tracks.done
            .slice(-MOST_SHOWN)
            .reverse()
            .map((entry) => (
              <li key={`${entry.time}-${entry.description}`}>
                {entry.description}
                {entry.author && <span className="faint"> · {entry.author}</span>}
              </li>
            ))}
        </ol>
      )}
    </section>
  );
}
