import { Wand2, X } from 'lucide-react';
import { useState } from 'react';
import { Button, IconButton } from '../../components/Button';
import { Card } from '../../components/Card';
import { CheckField } from '../../components/Field';
import { findPairs, partnerOf, setPartner } from './draft';
import { PointSelect } from './PointSelect';
import type { PartProps } from './PointsCard';

/** Left and right: with confirmed pairs, mirrored pictures can be learned from, too. */
export function PairsCard({ draft, onChange }: PartProps) {
  const free = draft.points.filter((point) => partnerOf(draft, point.id) === null);
  const [left, setLeft] = useState<number | null>(null);
  const [right, setRight] = useState<number | null>(null);
  const a = free.find(({ id }) => id === left)?.id ?? free[0]?.id;
  const b = free.find(({ id }) => id === right)?.id ?? free[1]?.id;
  const name = (id: number) => draft.points.find((point) => point.id === id)?.name || 'unnamed';
  return (
    <Card
      actions={
        <Button icon={Wand2} onClick={() => onChange(findPairs(draft))} size="sm">
          Find by name
        </Button>
      }
      text="When all pairs are right, a network can learn from mirrored pictures, too."
      title="Left and right"
    >
      <div className="stack">
        <ul className="chips">
          {draft.pairs.map(([p, q]) => (
            <li className="chip" key={`${p} ${q}`}>
              {name(p)} ↔ {name(q)}
              <IconButton
                icon={X}
                label={`Part ${name(p)} and ${name(q)}`}
                onClick={() => onChange(setPartner(draft, p, null))}
                size="sm"
              />
            </li>
          ))}
        </ul>
        {free.length > 1 && (
          <div className="join">
            <PointSelect label="Left" onChange={setLeft} points={free} value={a} />
            <span aria-hidden>↔</span>
            <PointSelect label="Right" onChange={setRight} points={free} value={b} />
            <Button
              disabled={a === undefined || b === undefined || a === b}
              onClick={() => {
                if (a !== undefined && b !== undefined) onChange(setPartner(draft, a, b));
              }}
              size="sm"
            >
              Pair
            </Button>
          </div>
        )}
        <CheckField
          checked={draft.pairsConfirmed}
          label="I looked at them: the pairs are right and none is missing"
          onChange={(pairsConfirmed) => onChange({ ...draft, pairsConfirmed })}
        />
      </div>
    </Card>
  );
}
