/** The lanes: a name and a bar for every track, over the same stretch of time. */

import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { loadNumbers } from '../../api/binary';
import { fileUrl } from '../../api/client';
import { useTheme } from '../../app/theme';
import { useStore } from '../../app/useStore';
import { classes } from '../../components/classes';
import { type RowRange, rowAt, spanOf } from '../../engine/timeline';
import type { ResultSession } from '../results/resultSession';
import { drawLanes, drawRuler, LANE_PX, type LaneStyle, type Lanes, type Marks, RULER_PX } from './drawLanes';
import { NameField } from './NameField';
import { type Choice, choose, rangeOf, type Suspicion } from './repairs';
import type { Renaming } from './useRenaming';

const WHEEL_ZOOM_PER_PX = 0.0015;
const BINS = 2048;

interface Props {
  readonly session: ResultSession;
  readonly revision: string;
  readonly names: readonly string[];
  readonly colours: readonly string[];
  readonly issues: readonly Suspicion[];
  readonly issue: Suspicion | null;
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
  readonly renaming: Renaming;
}

export function LaneView({ session, revision, names, colours, issues, issue, choice, onChoose, renaming }: Props) {
  const list = useRef<HTMLUListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: tracks that were chosen elsewhere come into view
  useEffect(() => {
    for (const lane of list.current?.querySelectorAll('[aria-pressed=true]') ?? [])
      lane.scrollIntoView({ block: 'nearest' });
  }, [choice.first, choice.second]);
  return (
    <div className="lanes" style={{ scrollPaddingTop: RULER_PX }}>
      <div className="lanes__side">
        <div aria-hidden className="lanes__above" style={{ height: RULER_PX }} />
        <ul aria-label="Tracks" className="lanes__names" ref={list}>
          {names.map((name, track) => (
            <li key={name} style={{ height: LANE_PX }}>
              {renaming.track === name ? (
                <NameField
                  isNearEnd={track >= names.length / 2}
                  name={name}
                  onClose={renaming.end}
                  onSave={(wish, onRefused) => renaming.save(name, wish, onRefused)}
                />
              ) : (
                <LaneName
                  choice={choice}
                  colour={colours[track]}
                  name={name}
                  onChoose={onChoose}
                  onRename={() => renaming.begin(name)}
                  track={track}
                />
              )}
            </li>
          ))}
        </ul>
      </div>
      <LaneCanvas {...{ session, revision, names, colours, issues, issue, choice }} />
    </div>
  );
}

interface LaneNameProps extends Pick<Props, 'choice' | 'onChoose'> {
  readonly name: string;
  readonly track: number;
  readonly colour: string | undefined;
  readonly onRename: () => void;
}

function LaneName({ name, track, colour, choice, onChoose, onRename }: LaneNameProps) {
  const [isFirst, isSecond] = [choice.first === name, choice.second === name];
  return (
    <button
      aria-pressed={isFirst || isSecond}
      className={classes('lanes__name', isFirst && 'lanes__name--first', isSecond && 'lanes__name--second')}
      // The second click of two chooses nothing: it renames.
      onClick={(event) => event.detail < 2 && onChoose(choose(choice, name, event.shiftKey))}
      onDoubleClick={onRename}
      title={`Choose ${name}; with Shift, as the second track; twice, to rename it`}
      type="button"
    >
      <span aria-hidden className="lanes__colour" style={{ background: colour }} />
      <span className="lanes__text">{name}</span>
      {track < 9 && <span className="faint number">{track + 1}</span>}
    </button>
  );
}

type CanvasProps = Omit<Props, 'onChoose' | 'renaming'>;

function LaneCanvas({ session, revision, names, colours, issues, issue, choice }: CanvasProps) {
  const host = useRef<HTMLDivElement>(null);
  const ruler = useRef<HTMLCanvasElement>(null);
  const bars = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const { isDark } = useTheme();
  const range = useStore(session, (state) => state.range);
  const lanes = useLanes(session, revision, range);
  const height = names.length * LANE_PX;
  const marks = useMemo((): Marks => {
    const { data } = session;
    const rowOf = (frame: number) => data.rowOf(frame);
    const at = (frame: number | null) => (frame === null ? null : rowOf(frame));
    const frameOf = (row: number) => data.frameOf(row);
    const chosen = rangeOf(choice);
    return { names, issues, issue, start: at(chosen?.start ?? null), stop: at(chosen?.stop ?? null), rowOf, frameOf };
  }, [session, names, issues, issue, choice]);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours read from the style sheet
  useEffect(() => {
    const element = bars.current;
    if (!element || !ruler.current || width === 0) return;
    const pixelRatio = window.devicePixelRatio || 1;
    const above = contextOf(ruler.current, width * pixelRatio, RULER_PX * pixelRatio);
    const below = contextOf(element, width * pixelRatio, height * pixelRatio);
    if (!above || !below) return;
    const style: LaneStyle = { width, height, pixelRatio, colours, theme: themeColours(element) };
    let request = 0;
    const paint = () => {
      request = 0;
      const { range: shown, row } = session.state;
      drawRuler(above, shown, row, marks, { ...style, height: RULER_PX });
      drawLanes(below, lanes, shown, row, marks, style);
      element.dataset['state'] = lanes ? 'complete' : 'loading';
    };
    const schedule = () => {
      request ||= requestAnimationFrame(paint);
    };
    schedule();
    const unsubscribe = session.subscribe(schedule);
    return () => {
      cancelAnimationFrame(request);
      unsubscribe();
    };
  }, [session, lanes, marks, colours, width, height, isDark]);

  useEffect(() => (ruler.current ? listen(ruler.current, session) : undefined), [session]);
  useEffect(() => (bars.current ? listen(bars.current, session) : undefined), [session]);

  return (
    <div className="lanes__canvas" ref={host}>
      <canvas
        aria-hidden="true"
        className="lanes__above"
        data-testid="ruler"
        ref={ruler}
        style={{ height: RULER_PX }}
      />
      <canvas aria-hidden="true" data-testid="lanes" ref={bars} style={{ height }} />
    </div>
  );
}

/** The context of a canvas that has as many pixels now. */
function contextOf(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  canvas.width = Math.round(width);
  canvas.height = Math.round(height);
  return canvas.getContext('2d', { alpha: false });
}

/** The lanes of what is shown; while others are fetched, those that were there. */
function useLanes(session: ResultSession, revision: string, range: RowRange): Lanes | null {
  const { project, detail, nRows } = session.data;
  const margin = spanOf(range) / 2;
  const step = Math.max(Math.round(margin / 2), 1);
  const start = Math.max(Math.floor((range.start - margin) / step) * step, 0);
  const stop = Math.min(Math.ceil((range.stop + margin) / step) * step, nRows);
  const path = `/api/projects/${encodeURIComponent(project)}/results/${encodeURIComponent(detail.id)}/tracks/lanes`;
  const { data } = useQuery({
    queryKey: ['lanes', project, detail.id, revision, start, stop],
    queryFn: async ({ signal }): Promise<Lanes> => {
      const { values, shape } = await loadNumbers(fileUrl(path, { start, stop, bins: BINS }), { signal });
      return { range: { start, stop }, values, nBins: shape[0] ?? 0, nTracks: shape[1] ?? 0 };
    },
    placeholderData: (before) => before,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data ?? null;
}

function themeColours(element: HTMLElement): LaneStyle['theme'] {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: read('--text-soft'),
    grid: read('--plot-grid'),
    ground: read('--surface'),
    accent: read('--accent'),
    doubt: read('--warn'),
  };
}

function listen(canvas: HTMLCanvasElement, session: ResultSession): () => void {
  const end = new AbortController();
  const options = { signal: end.signal };
  let isDragging = false;
  const seek = (event: PointerEvent) =>
    session.go(rowAt(session.state.range, event.offsetX, canvas.clientWidth, session.data.nRows));
  canvas.addEventListener(
    'pointerdown',
    (event) => {
      isDragging = true;
      canvas.setPointerCapture(event.pointerId);
      seek(event);
    },
    options,
  );
  canvas.addEventListener('pointermove', (event) => isDragging && seek(event), options);
  for (const type of ['pointerup', 'pointercancel'] as const) {
    canvas.addEventListener(
      type,
      () => {
        isDragging = false;
      },
      options,
    );
  }
  canvas.addEventListener(
    'wheel',
    (event) => {
      const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      event.preventDefault();
      if (isSideways) {
        session.pan(((event.deltaX || event.deltaY) / canvas.clientWidth) * spanOf(session.state.range));
      } else {
        session.zoom(event.offsetX / canvas.clientWidth, Math.exp(event.deltaY * WHEEL_ZOOM_PER_PX));
      }
    },
    { ...options, passive: false },
  );
  return () => end.abort();
}
