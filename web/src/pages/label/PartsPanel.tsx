/** The animals of the frame and their parts: everything that the canvas shows, in words and for the keyboard. */

import { Trash2 } from 'lucide-react';
import { useStore } from '../../app/useStore';
import { IconButton } from '../../components/Button';
import { classes } from '../../components/classes';
import { type ColourRule, coloursOfSlots } from '../../engine/colouring';
import { targetOf } from '../../engine/editorState';
import { findInstance, isUnconfirmed, type LabelPoint } from '../../engine/labels';
import { styleOf } from '../../engine/markers';
import { placeAmong, slotsOf } from '../../engine/slots';
import type { LabelSession } from './labelSession';
import { MarkerIcon } from './MarkerIcon';

interface Props {
  readonly session: LabelSession;
  /** The colour of every keypoint. */
  readonly colours: readonly string[];
  readonly colourBy: ColourRule;
}

export function PartsPanel({ session, colours, colourBy }: Props) {
  const { editor } = session;
  const [frame, labels, instance, keypoint] = useStore(
    editor,
    (state) => [state.frame, state.labels, state.instance, state.keypoint] as const,
  );
  const target = useStore(editor, (state) => targetOf(state)?.keypoint ?? null);
  const points = (instance && findInstance(labels, instance.id)?.points) ?? instance?.points ?? [];
  const done = points.filter((point) => point.visibility !== 'unlabeled' && !isUnconfirmed(point)).length;
  const slots = slotsOf(labels, editor.individuals);
  const animalColours = colourBy === 'animal' ? coloursOfSlots(slots) : null;
  const own = instance ? animalColours?.[placeAmong(slots, instance)] : undefined;
  // Nothing is known of a frame that is still on its way.
  if (frame === null) return <section aria-label="Parts" className="parts" />;
  return (
    <section aria-label="Parts" className="parts">
      <Animals colours={animalColours} session={session} />
      <header className="panel-head">
        <h2>Parts</h2>
        <span className="faint small number" data-testid="parts-done">
          {done} of {points.length}
        </span>
      </header>
      <ol className="parts__list">
        {points.map((point, k) => (
          <li key={editor.skeleton.keypoints[k]}>
            <button
              aria-current={k === keypoint ? 'step' : undefined}
              className={classes('part', k === keypoint && 'part--active', k === target && 'part--target')}
              data-state={isUnconfirmed(point) ? 'proposed' : point.visibility}
              onClick={() => editor.choosePart(k)}
              type="button"
            >
              <Mark colour={own ?? colours[k] ?? ''} keypoint={k} point={point} />
              <span className="part__name truncate">{editor.skeleton.keypoints[k]}</span>
              <span className="part__state">{wordsFor(point)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Mark({ keypoint, colour, point }: { keypoint: number; colour: string; point: LabelPoint }) {
  if (point.visibility === 'absent')
    return (
      <span aria-hidden className="part__none">
        ×
      </span>
    );
  if (!point.position)
    return (
      <span aria-hidden className="part__none" style={{ color: colour }}>
        ○
      </span>
    );
  return <MarkerIcon colour={colour} keypoint={keypoint} style={styleOf(point)} />;
}

function wordsFor(point: LabelPoint): string {
  if (point.visibility === 'unlabeled') return '';
  if (point.visibility === 'absent') return 'absent';
  const isCovered = point.visibility === 'occluded';
  if (!isUnconfirmed(point)) return isCovered ? 'covered' : 'placed';
  const sure = point.confidence === null ? '' : ` ${Math.round(point.confidence * 100)} %`;
  return `proposed${sure}`;
}

/** One button for every animal, and one for the next; with their colours where those tell the animals apart. */
function Animals({ session, colours }: { session: LabelSession; colours: readonly string[] | null }) {
  const { editor } = session;
  const [labels, active] = useStore(editor, (state) => [state.labels, state.instance] as const);
  const { individuals } = editor;
  const own = active && findInstance(labels, active.id);
  const slots = slotsOf(labels, individuals);
  const chosen = active ? placeAmong(slots, active) : -1;
  return (
    <>
      <header className="panel-head">
        <h2>Animals</h2>
        <IconButton
          disabled={!own}
          icon={Trash2}
          label="Remove the animal"
          onClick={() => editor.removeInstance()}
          size="sm"
        />
      </header>
      <div className="animals">
        {slots.map(({ name, instance }, place) => (
          <button
            aria-pressed={place === chosen}
            className={classes('animal', place === chosen && 'animal--active', !instance && 'animal--new')}
            // biome-ignore lint/suspicious/noArrayIndexKey: an animal is known by its place
            key={place}
            onClick={() => editor.chooseInstance(place)}
            type="button"
          >
            {colours && <span aria-hidden className="animal__colour" style={{ background: colours[place] }} />}
            <span className="number">{place + 1}</span>
            <span className="truncate">{name ?? (instance ? 'animal' : 'new')}</span>
          </button>
        ))}
      </div>
      {individuals.length > 0 && own && (
        <label className="animal__name">
          <span>This is</span>
          <select
            className="input input--sm"
            onChange={(event) => editor.nameInstance(event.target.value || null)}
            value={own.individual ?? ''}
          >
            {individuals.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
            {own.individual !== null && !individuals.includes(own.individual) && <option>{own.individual}</option>}
            <option value="">none of them</option>
          </select>
        </label>
      )}
    </>
  );
}
