import { X } from 'lucide-react';
import { useState } from 'react';
import { Button, IconButton } from '../../components/Button';
import { Card } from '../../components/Card';
import { type Draft, toggleEdge } from './draft';
import { PointSelect } from './PointSelect';
import type { PartProps } from './PointsCard';

/** The lines as a list: the same as on the picture, for keyboards and screen readers. */
export function LinesCard({ draft, onChange }: PartProps) {
  const [from, setFrom] = useState<number | null>(null);
  const [to, setTo] = useState<number | null>(null);
  const a = from ?? draft.points[0]?.id;
  const b = to ?? draft.points[1]?.id;
  const name = (id: number) => draft.points.find((point) => point.id === id)?.name || 'unnamed';
  const canJoin = a !== undefined && b !== undefined && a !== b && !hasEdge(draft, a, b);
  return (
    <Card text="They are drawn in videos, and help to tell odd poses." title="Lines">
      <div className="stack">
        <ul className="chips">
          {draft.edges.map(([p, q]) => (
            <li className="chip" key={`${p} ${q}`}>
              {name(p)} – {name(q)}
              <IconButton
                icon={X}
                label={`Remove the line from ${name(p)} to ${name(q)}`}
                onClick={() => onChange(toggleEdge(draft, p, q))}
                size="sm"
              />
            </li>
          ))}
        </ul>
        <div className="join">
          <PointSelect label="Line from" onChange={setFrom} points={draft.points} value={a} />
          <span aria-hidden>–</span>
          <PointSelect label="Line to" onChange={setTo} points={draft.points} value={b} />
          <Button
            disabled={!canJoin}
            onClick={() => {
              if (a !== undefined && b !== undefined) onChange(toggleEdge(draft, a, b));
            }}
            size="sm"
          >
            Join
          </Button>
        </div>
      </div>
    </Card>
  );
}

function hasEdge(draft: Draft, a: number, b: number): boolean {
  return draft.edges.some((edge) => edge.includes(a) && edge.includes(b));
}
