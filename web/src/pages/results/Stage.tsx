/** The frame with its poses. Poses follow at once; the picture follows as fast as frames are decoded. */

import { useEffect, useRef } from 'react';
import { type Box, type Size, screenPoint } from '../../engine/geometry';
import { drawImageLayer } from '../../engine/imageLayer';
import { MarkerSheet } from '../../engine/markers';
import { fitBox, fitImage, panBy, resized, type View, zoomAt } from '../../engine/view';
import { type PoseStyle, stageSize } from './drawPoses';
import type { ResultData } from './resultData';
import type { ResultSession, ResultState } from './resultSession';

interface Props {
  readonly session: ResultSession;
  readonly colours: readonly string[];
  readonly individualColours: readonly string[];
  readonly edges: readonly (readonly [number, number])[];
  /** The size of the video's frames, if it is known. */
  readonly video: Size | null;
  /** Draws what lies over the frame. */
  readonly draw: DrawOver;
  /** Whenever this changes, its box is shown from near; without a box, the whole frame. */
  readonly focus?: { readonly box: Box | null } | undefined;
}

/** How the frame lies; kept while the style of the drawing changes. */
interface Place {
  readonly session: ResultSession;
  view: View | null;
  /** Whether a person put it there; otherwise it fits the canvas, whatever its size becomes. */
  isMoved: boolean;
  canvas: Size;
  focus: Box | null;
}

export type DrawOver = (
  context: CanvasRenderingContext2D,
  data: ResultData,
  state: ResultState,
  view: View,
  style: PoseStyle,
) => void;

const WHEEL_ZOOM_PER_PX = 0.0015;

export function Stage({ session, colours, individualColours, edges, video, draw, focus }: Props) {
  const place = useRef<Place | null>(null);
  const redraw = useRef<() => void>(() => {});
  const host = useRef<HTMLDivElement>(null);
  const image = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    const [element, below, above] = [host.current, image.current, overlay.current];
    if (!element || !below || !above) return;
    const pixelRatio = window.devicePixelRatio || 1;
    const markers = new MarkerSheet(colours, pixelRatio, 0.8);
    if (place.current?.session !== session)
      place.current = { session, view: null, isMoved: false, canvas: { width: 1, height: 1 }, focus: null };
    const style = { markers, pixelRatio, edges, individualColours };
    const stage = showStage(place.current, element, below, above, style, video, draw);
    redraw.current = stage.redraw;
    return stage.end;
  }, [session, colours, individualColours, edges, video, draw]);

  useEffect(() => {
    if (!focus || !place.current) return;
    place.current.view = null;
    place.current.isMoved = false;
    place.current.focus = focus.box;
    redraw.current();
  }, [focus]);

  return (
    <div className="result-stage" ref={host}>
      <canvas aria-hidden="true" data-testid="image-layer" ref={image} />
      <canvas aria-hidden="true" data-testid="overlay" ref={overlay} />
    </div>
  );
}

function showStage(
  place: Place,
  host: HTMLElement,
  below: HTMLCanvasElement,
  above: HTMLCanvasElement,
  style: PoseStyle,
  video: Size | null,
  draw: DrawOver,
): { readonly redraw: () => void; readonly end: () => void } {
  const { session } = place;
  const [image, overlay] = [below.getContext('2d', { alpha: false }), above.getContext('2d')];
  let drawn: readonly unknown[] = [];
  let request = 0;

  const size = () => stageSize(session.state, video);
  const paint = () => {
    request = 0;
    if (!image || !overlay) return;
    const { state, data } = session;
    const { canvas, focus } = place;
    place.view ??= focus ? fitBox(focus, size(), canvas) : fitImage(size(), canvas);
    const { view } = place;
    const wanted = [state.picture, view, canvas];
    if (state.picture && wanted.some((value, i) => value !== drawn[i])) {
      drawn = wanted;
      drawImageLayer(image, state.picture, size(), view, style.pixelRatio);
      // Tests read this: which frame the pixels belong to, and where they lie.
      below.dataset['frame'] = `${state.pictureFrame}`;
      below.dataset['view'] = JSON.stringify([view.scale, view.offsetX, view.offsetY]);
    }
    draw(overlay, data, state, view, style);
    above.dataset['row'] = `${state.row}`;
    above.dataset['pose'] = data.pose(state.row) ? 'there' : 'awaited';
  };
  const schedule = () => {
    request ||= requestAnimationFrame(paint);
  };
  const move = (next: View) => {
    place.view = next;
    place.isMoved = true;
    schedule();
  };
  const observer = new ResizeObserver(() => {
    const next = { width: Math.max(host.clientWidth, 1), height: Math.max(host.clientHeight, 1) };
    for (const element of [below, above]) {
      const [width, height] = [Math.round(next.width * style.pixelRatio), Math.round(next.height * style.pixelRatio)];
      // To set the size wipes what is drawn.
      if (element.width !== width) element.width = width;
      if (element.height !== height) element.height = height;
    }
    place.view = place.view && place.isMoved ? resized(place.view, place.canvas, next) : null;
    place.canvas = next;
    // At once, or nothing is seen until the next refresh.
    cancelAnimationFrame(request);
    paint();
  });
  observer.observe(host);
  const stopListening = listen(above, {
    zoom: (at, factor) => place.view && move(zoomAt(place.view, at, factor, size(), place.canvas)),
    pan: (dx, dy) => place.view && move(panBy(place.view, dx, dy, size(), place.canvas)),
    reset: () => {
      place.view = null;
      place.isMoved = false;
      place.focus = null;
      schedule();
    },
  });
  let hadPicture = session.state.picture !== null;
  const unsubscribe = session.subscribe(() => {
    if (!hadPicture && session.state.picture) {
      hadPicture = true;
      place.view = null;
    }
    schedule();
  });
  const end = () => {
    cancelAnimationFrame(request);
    observer.disconnect();
    stopListening();
    unsubscribe();
  };
  return { redraw: schedule, end };
}

interface StageMoves {
  readonly zoom: (at: ReturnType<typeof screenPoint>, factor: number) => void;
  readonly pan: (dx: number, dy: number) => void;
  readonly reset: () => void;
}

export function listen(canvas: HTMLCanvasElement, moves: StageMoves): () => void {
  const end = new AbortController();
  const options = { signal: end.signal };
  let last: { x: number; y: number } | null = null;
  canvas.addEventListener(
    'pointerdown',
    (event) => {
      canvas.setPointerCapture(event.pointerId);
      last = { x: event.offsetX, y: event.offsetY };
    },
    options,
  );
  canvas.addEventListener(
    'pointermove',
    (event) => {
      if (!last) return;
      moves.pan(event.offsetX - last.x, event.offsetY - last.y);
      last = { x: event.offsetX, y: event.offsetY };
    },
    options,
  );
  canvas.addEventListener(
    'pointerup',
    () => {
      last = null;
    },
    options,
  );
  canvas.addEventListener('dblclick', moves.reset, options);
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      moves.zoom(screenPoint(event.offsetX, event.offsetY), Math.exp(-event.deltaY * WHEEL_ZOOM_PER_PX));
    },
    { ...options, passive: false },
  );
  return () => end.abort();
}
