import { ArrowDown, ArrowUp, Palette, Plus, Trash2 } from 'lucide-react';
import { Button, IconButton } from '../../components/Button';
import { Card } from '../../components/Card';
import { plural } from '../../components/format';
import { coloursFor } from '../../engine/palette';
import { addPoint, changePoint, type Draft, movePoint, removePoint } from './draft';

export interface PartProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
}

/** The keypoints: named, coloured, ordered. */
export function PointsCard({ draft, onChange, problems }: PartProps & { problems: ReadonlyMap<number, string> }) {
  const add = () => {
    const usual = coloursFor(draft.points.length);
    const added = addPoint(draft, coloursFor(draft.points.length + 1).at(-1) ?? '#56b4e9');
    // One more point has the others' colours moved a little apart, unless somebody chose them.
    onChange(draft.points.every(({ colour }, index) => colour === usual[index]) ? recoloured(added) : added);
  };
  return (
    <Card
      actions={
        <Button
          icon={Palette}
          kind="quiet"
          onClick={() => onChange(recoloured(draft))}
          size="sm"
          title="Colours that colour-blind people can tell apart"
        >
          Safe colours
        </Button>
      }
      text="They are labelled in this order."
      title={plural(draft.points.length, 'point')}
    >
      <ol>
        {draft.points.map((point, index) => (
          <li className="point-row" key={point.id}>
            <span className="faint small number">{index + 1}</span>
            <input
              aria-label={`Colour of ${point.name || 'the new point'}`}
              className="colour-input"
              onChange={(event) => onChange(changePoint(draft, point.id, { colour: event.target.value }))}
              type="color"
              value={point.colour}
            />
            <div>
              <input
                aria-invalid={problems.has(point.id) || undefined}
                aria-label={`Name of point ${index + 1}`}
                className="input input--sm"
                onChange={(event) => onChange(changePoint(draft, point.id, { name: event.target.value }))}
                placeholder="left_ear"
                spellCheck={false}
                value={point.name}
              />
              {problems.has(point.id) && <p className="field__error">{problems.get(point.id)}</p>}
            </div>
            <span className="point-row__buttons">
              <IconButton
                disabled={index === 0}
                icon={ArrowUp}
                label={`${point.name} earlier`}
                onClick={() => onChange(movePoint(draft, point.id, -1))}
                size="sm"
              />
              <IconButton
                disabled={index === draft.points.length - 1}
                icon={ArrowDown}
                label={`${point.name} later`}
                onClick={() => onChange(movePoint(draft, point.id, 1))}
                size="sm"
              />
              <IconButton
                icon={Trash2}
                label={`Remove ${point.name || 'the new point'}`}
                onClick={() => onChange(removePoint(draft, point.id))}
                size="sm"
              />
            </span>
          </li>
        ))}
      </ol>
      <div style={{ paddingTop: 'var(--space-3)' }}>
        <Button icon={Plus} onClick={add}>
          Add a point
        </Button>
      </div>
    </Card>
  );
}

function recoloured(draft: Draft): Draft {
  const colours = coloursFor(draft.points.length);
  return {
    ...draft,
    points: draft.points.map((point, index) => ({ ...point, colour: colours[index] ?? point.colour })),
  };
}
