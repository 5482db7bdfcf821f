import { Wand2 } from 'lucide-react';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { CheckField, SelectField } from '../../components/Field';
import { findPairs, partnerOf, setPartner } from './draft';
import type { PartProps } from './PointsCard';

/** Left and right: with confirmed pairs, mirrored pictures can be learned from, too. */
export function PairsCard({ draft, onChange }: PartProps) {
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
        <div className="grid" style={{ '--cell': '200px', '--gap': 'var(--space-3)' } as React.CSSProperties}>
          {draft.points.map((point) => (
            <SelectField
              key={point.id}
              label={point.name || 'unnamed'}
              onChange={(value) => onChange(setPartner(draft, point.id, value === '' ? null : Number(value)))}
              options={[
                { value: '', label: 'in the middle' },
                ...draft.points
                  .filter((other) => other.id !== point.id)
                  .map((other) => ({ value: String(other.id), label: `↔ ${other.name || 'unnamed'}` })),
              ]}
              value={String(partnerOf(draft, point.id) ?? '')}
            />
          ))}
        </div>
        <CheckField
          checked={draft.pairsConfirmed}
          label="I looked at them: the pairs are right and none is missing"
          onChange={(pairsConfirmed) => onChange({ ...draft, pairsConfirmed })}
        />
      </div>
    </Card>
  );
}
