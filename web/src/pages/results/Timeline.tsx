/** The timeline: traces on one canvas, the place where one is on another above it. */

import { useEffect, useRef, useState } from 'react';
import { useTheme } from '../../app/theme';
import { linesOn } from '../../engine/palette';
import { levelFor, rowAt, spanOf } from '../../engine/timeline';
import { drawPlayhead, drawTimeline, type TimelineLayout, type TimelineStyle } from './drawTimeline';
import type { ResultSession } from './resultSession';

const WHEEL_ZOOM_PER_PX = 0.0015;
/** While tiles arrive one after the other, the traces are drawn again this often at most. */
const REDRAW_EVERY_MS = 200;

interface Props {
  readonly session: ResultSession;
  /** Those of what the traces have their colours from. */
  readonly colours: readonly string[];
  readonly layout: TimelineLayout;
}

export function Timeline({ session, colours, layout }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const traces = useRef<HTMLCanvasElement>(null);
  const playhead = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const { isDark } = useTheme();

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours read from the style sheet
  useEffect(() => {
    const [below, above] = [traces.current, playhead.current];
    if (!below || !above || size.width === 0) return;
    return paintOnChange(session, below, above, { ...size, colours, layout });
  }, [session, colours, layout, size, isDark]);

  useEffect(() => {
    const element = playhead.current;
    return element ? listen(element, session, layout.axisPx) : undefined;
  }, [session, layout.axisPx]);

  return (
    <div className="timeline" ref={host}>
      <canvas aria-hidden="true" data-testid="traces" ref={traces} />
      <canvas aria-hidden="true" data-testid="playhead" ref={playhead} />
    </div>
  );
}

/** Draw the traces when what they show changes, and the playhead when the row does: once per screen refresh. */
function paintOnChange(
  session: ResultSession,
  below: HTMLCanvasElement,
  above: HTMLCanvasElement,
  { width, height, colours, layout }: Pick<TimelineStyle, 'width' | 'height' | 'colours' | 'layout'>,
): () => void {
  const [traces, playhead] = [below.getContext('2d', { alpha: false }), above.getContext('2d')];
  const pixelRatio = window.devicePixelRatio || 1;
  for (const canvas of [below, above]) {
    const [wide, high] = [Math.round(width * pixelRatio), Math.round(height * pixelRatio)];
    // To set the size wipes what is drawn, and the state that says so.
    if (canvas.width === wide && canvas.height === high) continue;
    [canvas.width, canvas.height] = [wide, high];
    delete canvas.dataset['state'];
  }
  const theme = themeColours(below);
  const style: TimelineStyle = { width, height, pixelRatio, layout, colours: linesOn(theme.ground, colours), theme };
  let drawn: readonly unknown[] = [];
  let drawnOf: readonly unknown[] = [];
  let drawnAt = Number.NEGATIVE_INFINITY;
  let request = 0;
  const paint = () => {
    request = 0;
    const { state, data } = session;
    if (!traces || !playhead) return;
    drawPlayhead(playhead, state, style);
    if (!data.canDraw(state.range)) {
      below.dataset['state'] = 'loading';
      return;
    }
    // What was drawn stays until the numbers of a changed result are there, instead of coming in bit by bit.
    const level = levelFor(data.levels, state.range, width - layout.axisPx);
    const isOfOther = drawnOf[0] !== data || drawnOf[1] !== data.levels;
    if (isOfOther && isShown(below) && !data.has(state.range, level)) {
      below.dataset['state'] = 'loading';
      return;
    }
    drawnOf = [data, data.levels];
    const hasRows = level === null;
    const wanted = [data.arrivals(hasRows), state.range, state.shown, state.individuals, state.smoothed, data.levels];
    const isOther = wanted.some((value, i) => i > 0 && value !== drawn[i]);
    const isDue = data.isSettled(hasRows) || performance.now() - drawnAt > REDRAW_EVERY_MS;
    const hasMore = wanted[0] !== drawn[0] && isDue;
    if (isOther || hasMore) {
      drawn = wanted;
      drawnAt = performance.now();
      drawTimeline(traces, data, state, style);
      // Tests and benchmarks wait for this.
      below.dataset['state'] = data.isSettled(hasRows) ? 'complete' : 'loading';
    }
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
}

function isShown(canvas: HTMLCanvasElement): boolean {
  return canvas.dataset['state'] !== undefined;
}

function themeColours(element: HTMLElement): TimelineStyle['theme'] {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: read('--text-soft'),
    grid: read('--plot-grid'),
    ground: read('--surface'),
    accent: read('--accent'),
    hatch: read('--plot-missing'),
  };
}

function listen(canvas: HTMLCanvasElement, session: ResultSession, axisPx: number): () => void {
  const end = new AbortController();
  const options = { signal: end.signal };
  let isDragging = false;
  const plot = () => canvas.clientWidth - axisPx;
  const seek = (event: PointerEvent) => {
    const { data, state } = session;
    session.go(rowAt(state.range, event.offsetX - axisPx, plot(), data.nRows));
  };
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
      event.preventDefault();
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        session.pan((sideways / plot()) * spanOf(session.state.range));
      } else {
        const anchor = Math.min(Math.max((event.offsetX - axisPx) / plot(), 0), 1);
        session.zoom(anchor, Math.exp(event.deltaY * WHEEL_ZOOM_PER_PX));
      }
    },
    { ...options, passive: false },
  );
  return () => end.abort();
}
