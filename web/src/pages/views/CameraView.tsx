/** One camera's view: its picture, and over it where the points in 3D appear. */

import { useEffect, useRef } from 'react';
import { useStore } from '../../app/useStore';
import { type Camera, project } from '../../engine/cameras';
import { type Size, screenPoint } from '../../engine/geometry';
import { drawImageLayer } from '../../engine/imageLayer';
import { MarkerSheet } from '../../engine/markers';
import { videoFrame } from '../../engine/recordingClock';
import { fitImage, panBy, resized, toScreen, type View, zoomAt } from '../../engine/view';
import { listen } from '../results/Stage';
import type { ViewSource, ViewsSession } from './viewsSession';

interface Props {
  readonly session: ViewsSession;
  readonly source: ViewSource;
  readonly camera: Camera;
  readonly colours: readonly string[];
  readonly edges: readonly (readonly [number, number])[];
}

const HALO = 'rgba(10, 12, 16, 0.7)';
const EDGE = '#ffffff';
const MARKER_SIZE = 0.75;

export function CameraView({ session, source, camera, colours, edges }: Props) {
  const host = useRef<HTMLElement>(null);
  const image = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const frame = useStore(session, (state) => state.frame);
  const number = videoFrame(source.timing, frame);

  useEffect(() => {
    const [element, below, above] = [host.current, image.current, overlay.current];
    if (!element || !below || !above) return;
    const pixelRatio = window.devicePixelRatio || 1;
    const style = { markers: new MarkerSheet(colours, pixelRatio, MARKER_SIZE), edges, pixelRatio };
    return showView(session, camera, [element, below, above], style);
  }, [session, camera, colours, edges]);

  return (
    <figure className="camera-view" ref={host}>
      <canvas aria-hidden="true" data-camera={camera.name} data-testid="image-layer" ref={image} />
      <canvas aria-hidden="true" data-camera={camera.name} data-testid="overlay" ref={overlay} />
      <figcaption className="camera-view__name">
        {camera.name}
        <span className="camera-view__frame number">{number === null ? 'no frame' : `frame ${number}`}</span>
      </figcaption>
    </figure>
  );
}

interface Style {
  readonly markers: MarkerSheet;
  readonly edges: readonly (readonly [number, number])[];
  readonly pixelRatio: number;
}

function showView(
  session: ViewsSession,
  camera: Camera,
  [host, below, above]: readonly [HTMLElement, HTMLCanvasElement, HTMLCanvasElement],
  style: Style,
): () => void {
  const [image, overlay] = [below.getContext('2d', { alpha: false }), above.getContext('2d')];
  const { size } = camera;
  let canvas: Size = { width: 1, height: 1 };
  let view: View | null = null;
  let drawn: readonly unknown[] = [];
  let request = 0;

  const paint = () => {
    request = 0;
    if (!image || !overlay) return;
    view ??= fitImage(size, canvas);
    const picture = session.state.pictures.get(camera.name);
    const wanted = [picture, view, canvas];
    if (picture && wanted.some((value, i) => value !== drawn[i])) {
      drawn = wanted;
      drawImageLayer(image, picture.bitmap, size, view, style.pixelRatio);
      below.dataset['frame'] = `${picture.frame}`;
    }
    above.dataset['points'] = `${drawReprojection(overlay, session, camera, view, style)}`;
  };
  const schedule = () => {
    request ||= requestAnimationFrame(paint);
  };
  const move = (next: View) => {
    view = next;
    schedule();
  };
  const observer = new ResizeObserver(() => {
    const next = { width: Math.max(host.clientWidth, 1), height: Math.max(host.clientHeight, 1) };
    for (const element of [below, above]) {
      element.width = Math.round(next.width * style.pixelRatio);
      element.height = Math.round(next.height * style.pixelRatio);
    }
    view = view && canvas.width > 1 ? resized(view, canvas, next) : null;
    canvas = next;
    drawn = [];
    schedule();
  });
  observer.observe(host);
  const stop = listen(above, {
    zoom: (at, factor) => view && move(zoomAt(view, screenPoint(at.x, at.y), factor, size, canvas)),
    pan: (dx, dy) => view && move(panBy(view, dx, dy, size, canvas)),
    reset: () => move(fitImage(size, canvas)),
  });
  const unsubscribe = session.subscribe(schedule);
  return () => {
    cancelAnimationFrame(request);
    observer.disconnect();
    stop();
    unsubscribe();
  };
}

/** Draw where the points of the frame appear, and return how many. */
function drawReprojection(
  context: CanvasRenderingContext2D,
  session: ViewsSession,
  camera: Camera,
  view: View,
  { markers, edges, pixelRatio }: Style,
): number {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  let n = 0;
  for (const points of session.pose(session.state.frame) ?? []) {
    const seen = points.map((point) => {
      const pixel = point && project(camera, point);
      return pixel && toScreen(view, pixel);
    });
    context.beginPath();
    for (const [from, to] of edges) {
      const [a, b] = [seen[from], seen[to]];
      if (!a || !b) continue;
      context.moveTo(a.x, a.y);
      context.lineTo(b.x, b.y);
    }
    context.strokeStyle = HALO;
    context.lineWidth = 3.5;
    context.stroke();
    context.strokeStyle = EDGE;
    context.lineWidth = 1.5;
    context.stroke();
    seen.forEach((at, keypoint) => {
      if (!at) return;
      n += 1;
      markers.stamp(context, keypoint, 'confirmed', at.x, at.y);
    });
  }
  return n;
}
