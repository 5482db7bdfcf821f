/** The image and, over it, the labels: two canvases, so that moving the pointer never redraws the image. */

import { useEffect, useRef } from 'react';
import { animalColours, type ColourRule } from '../../engine/colouring';
import { type ScreenPoint, screenPoint } from '../../engine/geometry';
import { drawImageLayer, drawLoupe, loupeView } from '../../engine/imageLayer';
import { MarkerSheet } from '../../engine/markers';
import { clearOverlay, drawOverlay, drawPoints, type OverlayStyle } from '../../engine/overlay';
import type { LabelSession } from './labelSession';
import { imageFilter, type LabelSettings } from './settings';

export interface Held {
  readonly loupe: boolean;
  readonly hide: boolean;
}

interface Props {
  readonly session: LabelSession;
  readonly colours: readonly string[];
  readonly settings: LabelSettings;
  readonly held: Held;
  readonly colourBy?: ColourRule;
}

const WHEEL_ZOOM_PER_PX = 0.0015;
const WHEEL_TURN_PER_PX = 0.001;

export function Canvas({ session, colours, settings, held, colourBy = 'keypoint' }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const imageCanvas = useRef<HTMLCanvasElement>(null);
  const overlayCanvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    const [host, image, overlay] = [frame.current, imageCanvas.current, overlayCanvas.current];
    if (!host || !image || !overlay) return;
    return paintOnChange(session, image, overlay, { colours, settings, held, colourBy });
  }, [session, colours, settings, held, colourBy]);

  useEffect(() => {
    const [host, image, overlay] = [frame.current, imageCanvas.current, overlayCanvas.current];
    if (!host || !image || !overlay) return;
    return fitToHost(host, [image, overlay], session);
  }, [session]);

  useEffect(() => {
    const overlay = overlayCanvas.current;
    return overlay ? listenToPointer(overlay, session) : undefined;
  }, [session]);

  return (
    <div className="label-canvas" ref={frame} data-held={held.loupe ? 'loupe' : undefined}>
      <canvas
        ref={imageCanvas}
        aria-hidden="true"
        data-testid="image-layer"
        style={{ filter: imageFilter(settings) }}
      />
      <canvas ref={overlayCanvas} data-testid="overlay" aria-hidden="true" />
    </div>
  );
}

/** Paint once per screen refresh, however often the state changes; the image only if it or the view is another. */
function paintOnChange(
  session: LabelSession,
  imageCanvas: HTMLCanvasElement,
  overlayCanvas: HTMLCanvasElement,
  { colours, settings, held, colourBy }: Required<Omit<Props, 'session'>>,
): () => void {
  const [image, overlay] = [imageCanvas.getContext('2d', { alpha: false }), overlayCanvas.getContext('2d')];
  const { editor } = session;
  const pixelRatio = window.devicePixelRatio || 1;
  const coloursOf = colourBy === 'animal' ? animalColours(editor.individuals) : () => null;
  const fixed: Omit<OverlayStyle, 'animalColours'> = {
    skeleton: editor.skeleton,
    colours,
    markers: new MarkerSheet(colours, pixelRatio, settings.markerSize),
    pixelRatio,
    showNames: settings.showNames,
    individuals: editor.individuals,
  };
  let drawn: readonly unknown[] = [];
  let request = 0;

  const paint = () => {
    request = 0;
    const { view, image: size, pointer, canvas } = editor.state;
    const { picture } = session.state;
    if (!image || !overlay) return;
    const wanted = [picture, view, canvas];
    if (picture && view && wanted.some((value, i) => value !== drawn[i])) {
      drawn = wanted;
      drawImageLayer(image, picture, size, view, pixelRatio);
      // Tests read this: which frame the pixels belong to, and where they lie.
      imageCanvas.dataset['frame'] = editor.state.frame ?? '';
      imageCanvas.dataset['view'] = JSON.stringify([view.scale, view.offsetX, view.offsetY]);
    }
    if (held.hide) {
      clearOverlay(overlay, pixelRatio);
      return;
    }
    const style = { ...fixed, animalColours: coloursOf(editor.state) };
    if (held.loupe && picture && view && pointer) {
      clearOverlay(overlay, pixelRatio);
      drawLoupe(overlay, picture, size, view, pointer, imageFilter(settings), (context) =>
        drawPoints(context, editor.state, loupeView(view, pointer), style),
      );
    } else {
      drawOverlay(overlay, editor.state, style);
    }
  };
  const schedule = () => {
    request ||= requestAnimationFrame(paint);
  };
  schedule();
  const unsubscribe = [editor.subscribe(schedule), session.subscribe(schedule)];
  return () => {
    cancelAnimationFrame(request);
    for (const stop of unsubscribe) stop();
  };
}

/** Keep the canvases as large as their host, in the pixels of the screen. */
function fitToHost(host: HTMLElement, canvases: readonly HTMLCanvasElement[], session: LabelSession): () => void {
  const observer = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = host;
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of canvases) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    session.editor.resize({ width: Math.max(width, 1), height: Math.max(height, 1) });
  });
  observer.observe(host);
  return () => observer.disconnect();
}

function listenToPointer(canvas: HTMLCanvasElement, session: LabelSession): () => void {
  const { editor } = session;
  const end = new AbortController();
  const listen = <K extends keyof HTMLElementEventMap>(
    type: K,
    handler: (event: HTMLElementEventMap[K]) => void,
    passive = true,
  ) => canvas.addEventListener(type, handler, { signal: end.signal, passive });

  listen('pointermove', (event) => editor.hover(pointOf(event)));
  listen('pointerleave', () => {
    if (!editor.state.gesture) editor.hover(null);
  });
  listen('pointerdown', (event) => {
    // A click meant for the frame that is on its way must not land in the one before it.
    if (session.state.isLoading || event.button === 2) return;
    canvas.setPointerCapture(event.pointerId);
    editor.press(pointOf(event), modifiersOf(event), event.button === 1);
  });
  listen('pointerup', (event) => {
    if (event.button !== 2) editor.release(pointOf(event));
  });
  listen('pointercancel', () => editor.cancelGesture());
  listen(
    'contextmenu',
    (event) => {
      event.preventDefault();
      editor.toggleOccluded(pointOf(event));
    },
    false,
  );
  listen(
    'wheel',
    (event) => {
      event.preventDefault();
      if (event.altKey) editor.rotate(event.deltaY * WHEEL_TURN_PER_PX);
      else editor.zoom(pointOf(event), Math.exp(-event.deltaY * WHEEL_ZOOM_PER_PX));
    },
    false,
  );
  return () => end.abort();
}

function pointOf(event: MouseEvent): ScreenPoint {
  return screenPoint(event.offsetX, event.offsetY);
}

function modifiersOf(event: MouseEvent) {
  return { shift: event.shiftKey, alt: event.altKey, ctrl: event.ctrlKey || event.metaKey };
}
