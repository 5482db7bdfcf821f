import { type PointerEvent, useMemo, useRef, useState } from 'react';
import { Segmented } from '../../components/Field';
import { inkOn } from '../../engine/palette';
import { type Draft, toggleEdge } from './draft';
import { type Spot, useBackdrop } from './useBackdrop';

interface SkeletonCanvasProps {
  project: string;
  draft: Draft;
  onChange: (draft: Draft) => void;
}

type Mode = 'lines' | 'places';

interface Size {
  width: number;
  height: number;
}

const MODES = [
  { value: 'lines', title: 'Draw lines' },
  { value: 'places', title: 'Move points' },
] as const;
const EMPTY_SIZE: Size = { width: 640, height: 420 };
const SHAPE = 3 / 2;
const ROOM = 1.8;
const MIN_WIDTH = 60;

/** The skeleton on a frame: lines are drawn from point to point. Where points lie here changes no label. */
export function SkeletonCanvas({ project, draft, onChange }: SkeletonCanvasProps) {
  const backdrop = useBackdrop(project);
  const size = backdrop?.size ?? EMPTY_SIZE;
  const [mode, setMode] = useState<Mode>('lines');
  const [moved, setMoved] = useState<ReadonlyMap<number, Spot>>(new Map());
  const [dragged, setDragged] = useState<{ id: number; at: Spot } | null>(null);
  const svg = useRef<SVGSVGElement>(null);
  const view = useMemo(() => windowAround(backdrop?.spots, size), [backdrop?.spots, size]);
  const unit = view.width / 100;

  const spots = new Map(
    draft.points.map((point, index) => [
      point.id,
      moved.get(point.id) ??
        (point.original === null ? undefined : backdrop?.spots.get(point.original)) ??
        onEllipse(index, draft.points.length, view),
    ]),
  );
  const at = (event: PointerEvent): Spot => {
    const bounds = svg.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
    return {
      x: view.x + ((event.clientX - bounds.left) / bounds.width) * view.width,
      y: view.y + ((event.clientY - bounds.top) / bounds.height) * view.height,
    };
  };
  const nearest = (spot: Spot): number | null => {
    const [best] = [...spots]
      .map(([id, { x, y }]) => ({ id, distance: Math.hypot(x - spot.x, y - spot.y) }))
      .sort((a, b) => a.distance - b.distance);
    return best && best.distance < 4 * unit ? best.id : null;
  };
  const drop = (event: PointerEvent) => {
    if (dragged && mode === 'lines') {
      const target = nearest(at(event));
      if (target !== null) onChange(toggleEdge(draft, dragged.id, target));
    }
    setDragged(null);
  };
  const drag = (event: PointerEvent) => {
    if (!dragged) return;
    const spot = at(event);
    setDragged({ ...dragged, at: spot });
    if (mode === 'places') setMoved(new Map(moved).set(dragged.id, spot));
  };
  const start = dragged && mode === 'lines' ? spots.get(dragged.id) : undefined;
  return (
    <>
      <div className="skeleton__bar">
        <Segmented label="What the pointer does" onChange={setMode} options={MODES} value={mode} />
        <p className="soft small">
          {mode === 'lines'
            ? 'Drag from point to point; drag again to take a line away.'
            : 'Move them where you can see them. Labels stay as they are.'}
        </p>
      </div>
      <div className="skeleton__stage">
        <svg
          aria-label="The skeleton; below it is a list of the same points and lines"
          onPointerMove={drag}
          onPointerUp={drop}
          ref={svg}
          role="img"
          viewBox={`${view.x} ${view.y} ${view.width} ${view.height}`}
        >
          {backdrop?.image && <image height={size.height} href={backdrop.image} width={size.width} />}
          {draft.edges.map(([a, b]) => (
            <Line className="skeleton__edge" from={spots.get(a)} key={`${a} ${b}`} to={spots.get(b)} />
          ))}
          {start && <Line className="skeleton__edge skeleton__edge--new" from={start} to={dragged?.at} />}
          {draft.points.map((point, index) => {
            const spot = spots.get(point.id);
            if (!spot) return null;
            return (
              <g
                className="skeleton__node"
                key={point.id}
                onPointerDown={(event) => {
                  svg.current?.setPointerCapture(event.pointerId);
                  setDragged({ id: point.id, at: at(event) });
                }}
              >
                <circle cx={spot.x} cy={spot.y} fill={point.colour} r={1.7 * unit} />
                <text
                  className="skeleton__number"
                  fill={inkOn(point.colour)}
                  fontSize={1.7 * unit}
                  x={spot.x}
                  y={spot.y + 0.6 * unit}
                >
                  {index + 1}
                </text>
                <text
                  className="skeleton__name"
                  fontSize={2 * unit}
                  strokeWidth={0.5 * unit}
                  x={spot.x + 2.4 * unit}
                  y={spot.y + 0.7 * unit}
                >
                  {point.name}
                </text>
              </g>
            );
          })}
        </svg>
      </div>
    </>
  );
}

function Line({ from, to, className }: { from: Spot | undefined; to: Spot | undefined; className: string }) {
  return from && to ? <line className={className} x1={from.x} x2={to.x} y1={from.y} y2={to.y} /> : null;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The part of the picture that is shown: around the animal, with as much room again. */
function windowAround(spots: ReadonlyMap<string, Spot> | undefined, { width, height }: Size): Box {
  const placed = [...(spots?.values() ?? [])];
  if (placed.length < 2) return { x: 0, y: 0, width, height };
  const [xs, ys] = [placed.map(({ x }) => x), placed.map(({ y }) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const shown = Math.min(Math.max(ROOM * (right - left), ROOM * (bottom - top) * SHAPE, MIN_WIDTH), width);
  const tall = shown / SHAPE;
  return { x: (left + right - shown) / 2, y: (top + bottom - tall) / 2, width: shown, height: tall };
}

/** Where points are put that lie nowhere yet. */
function onEllipse(index: number, n: number, { x, y, width, height }: Box): Spot {
  const angle = (2 * Math.PI * index) / Math.max(n, 1) - Math.PI / 2;
  return { x: x + width / 2 + 0.3 * width * Math.cos(angle), y: y + height / 2 + 0.34 * height * Math.sin(angle) };
}
