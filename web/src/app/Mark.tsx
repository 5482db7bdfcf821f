/** The mark: one stride in three exposures, as on Marey's plates. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg aria-hidden className="mark" height={size} viewBox="0 0 32 32" width={size}>
      <g fill="none" stroke="currentColor" strokeLinecap="round" strokeLinejoin="round" strokeWidth={2.4}>
        <path d="M4 24 10 8" opacity={0.35} />
        <path d="M11 24 17 8" opacity={0.6} />
        <path d="m18 24 6-16 5 16" />
      </g>
      <g fill="currentColor">
        <circle cx={10} cy={8} opacity={0.35} r={2.2} />
        <circle cx={17} cy={8} opacity={0.6} r={2.4} />
        <circle cx={24} cy={8} r={2.8} />
        <circle cx={18} cy={24} r={2.8} />
        <circle cx={29} cy={24} r={2.8} />
      </g>
    </svg>
  );
}
