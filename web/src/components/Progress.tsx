import './Progress.css';

interface ProgressProps {
  label: string;
  done: number;
  /** Null: nobody knows how much there is. */
  total: number | null;
}

export function Progress({ label, done, total }: ProgressProps) {
  const share = total && total > 0 ? Math.min(done / total, 1) : null;
  return (
    <div
      aria-label={label}
      aria-valuemax={100}
      aria-valuemin={0}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      className="progress"
      role="progressbar"
    >
      <div
        className={share === null ? 'progress__bar progress__bar--unknown' : 'progress__bar'}
        style={share === null ? undefined : { transform: `scaleX(${share})` }}
      />
    </div>
  );
}

/** Something is on its way. */
export function Loading({ label = 'Loading' }: { label?: string }) {
  return (
    <div className="loading" role="status">
      <span aria-hidden className="loading__dots">
        <i />
        <i />
        <i />
      </span>
      <span className="soft small">{label}…</span>
    </div>
  );
}
