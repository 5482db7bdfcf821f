/** A strip of the whole video: where its frames of the queue lie, how far each is, and where one is. */

import { useEffect, useRef, useState } from 'react';
import { useTheme } from '../../app/theme';
import { useStore } from '../../app/useStore';
import { describeStrip, frameAt, xOfFrame } from '../../engine/filmStrip';
import type { FrameState } from '../../engine/labels';
import type { QueueItem } from '../../engine/queue';
import type { LabelSession } from './labelSession';

const HEIGHT_PX = 26;
const BASE_PX = 4;
const BAR_PX = 3;

/** The higher the bar, the farther the frame; the colour says the same once more. */
const BARS: Readonly<Record<FrameState, { height: number; colour: string }>> = {
  unlabeled: { height: 5, colour: '--border-strong' },
  unconfirmed: { height: 10, colour: '--warn' },
  partial: { height: 10, colour: '--warn' },
  labeled: { height: 17, colour: '--accent' },
};

interface Props {
  readonly session: LabelSession;
  readonly nFrames: number;
}

export function FilmStrip({ session, nFrames }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const { isDark } = useTheme();
  const [all, place] = useStore(session, ({ items, place: shown }) => [items, shown] as const);
  const items = all.filter(({ video }) => video === place?.video);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours read from the style sheet
  useEffect(() => {
    if (canvas.current && place) draw(canvas.current, items, place.frame, nFrames);
  }, [items, place, nFrames, width, isDark]);

  const go = (x: number) => {
    const frame = frameAt(
      x,
      nFrames,
      width,
      items.map((item) => item.frame),
    );
    if (frame !== place?.frame) session.goTo(frame);
  };
  return (
    <canvas
      aria-label={describeStrip(place?.video ?? '', items)}
      className="film-strip"
      data-testid="film-strip"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event.nativeEvent.offsetX);
      }}
      onPointerMove={(event) => event.buttons === 1 && go(event.nativeEvent.offsetX)}
      ref={canvas}
      role="img"
      style={{ height: HEIGHT_PX }}
      title="The whole video; the highest bars are labelled frames. Click to go there."
    />
  );
}

function draw(element: HTMLCanvasElement, items: readonly QueueItem[], current: number, nFrames: number): void {
  const context = element.getContext('2d');
  if (!context) return;
  const [pixelRatio, width] = [window.devicePixelRatio || 1, element.clientWidth];
  element.width = Math.round(width * pixelRatio);
  element.height = Math.round(HEIGHT_PX * pixelRatio);
  context.scale(pixelRatio, pixelRatio);
  const style = getComputedStyle(element);
  const fill = (name: string) => {
    context.fillStyle = style.getPropertyValue(name).trim();
  };
  const floor = HEIGHT_PX - BASE_PX;
  fill('--border');
  context.fillRect(0, floor, width, 1);
  for (const { frame, state } of items) {
    const { height, colour } = BARS[state];
    fill(colour);
    context.fillRect(xOfFrame(frame, nFrames, width) - BAR_PX / 2, floor - height, BAR_PX, height);
  }
  const x = xOfFrame(current, nFrames, width);
  fill('--text');
  context.fillRect(x - 0.75, 0, 1.5, HEIGHT_PX);
  context.beginPath();
  context.moveTo(x - 5, HEIGHT_PX);
  context.lineTo(x + 5, HEIGHT_PX);
  context.lineTo(x, HEIGHT_PX - 6);
  context.fill();
}
