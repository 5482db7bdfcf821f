import type { DraftPoint } from './draft';

interface PointSelectProps {
  label: string;
  points: readonly DraftPoint[];
  value: number | undefined;
  onChange: (id: number) => void;
}

export function PointSelect({ label, points, value, onChange }: PointSelectProps) {
  return (
    <select
      aria-label={label}
      className="input input--sm"
      onChange={(event) => onChange(Number(event.target.value))}
      value={value}
    >
      {points.map((point) => (
        <option key={point.id} value={point.id}>
          {point.name || 'unnamed'}
        </option>
      ))}
    </select>
  );
}
