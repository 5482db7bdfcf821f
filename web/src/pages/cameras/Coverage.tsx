import type { Schemas } from '../../api/client';

const WIDTH = 84;

/** In which parts of the image the board was seen: the darker, the more often. */
export function Coverage({ camera }: { camera: Schemas['CalibratedCamera'] }) {
  const { coverage = [], covered, size, name } = camera;
  if (coverage.length === 0) return <span className="soft">not known</span>;
  const most = Math.max(...coverage.flat(), 1);
  const n = coverage.length;
  const [width = 4, height = 3] = size;
  const share = covered === null || covered === undefined ? '' : `${Math.round(covered * 100)} %`;
  return (
    <span className="row">
      <svg
        aria-label={`${name}: the board was seen over ${share} of the image`}
        className="cameras-coverage"
        height={(WIDTH * height) / width}
        preserveAspectRatio="none"
        role="img"
        viewBox={`0 0 ${n} ${n}`}
        width={WIDTH}
      >
        {coverage.map((row, y) =>
          row.map((seen, x) => (
            <rect
              fill="currentColor"
              height={1.02}
              // biome-ignore lint/suspicious/noArrayIndexKey: a part of the image is known by its place
              key={`${x} ${y}`}
              opacity={seen === 0 ? 0 : 0.25 + (0.75 * Math.log1p(seen)) / Math.log1p(most)}
              width={1.02}
              x={x}
              y={y}
            />
          )),
        )}
      </svg>
      <span className="number small">{share}</span>
    </span>
  );
}
