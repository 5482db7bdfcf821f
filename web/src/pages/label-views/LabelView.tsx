/** One camera's view to label in: the canvas of the Label page, and over it what the other views say. */

import { useEffect, useRef } from 'react';
import { useStore } from '../../app/useStore';
import { classes } from '../../components/classes';
import { videoFrame } from '../../engine/recordingClock';
import { Canvas, type Held } from '../label/Canvas';
import type { LabelSettings } from '../label/settings';
import { drawHints } from './drawHints';
import type { DeskView, ViewsDesk } from './viewsDesk';

interface Props {
  readonly desk: ViewsDesk;
  readonly view: DeskView;
  readonly colours: readonly string[];
  readonly settings: LabelSettings;
}

const HELD: Held = { loupe: false, hide: false };

export function LabelView({ desk, view, colours, settings }: Props) {
  const hints = useRef<HTMLCanvasElement>(null);
  const host = useRef<HTMLElement>(null);
  const [frame, isActive] = useStore(desk, (state) => [state.frame, state.active === view.camera.name] as const);
  const number = videoFrame(view.timing, frame);

  useEffect(() => {
    const [canvas, element] = [hints.current, host.current];
    const context = canvas?.getContext('2d');
    if (!canvas || !context || !element) return;
    const ratio = window.devicePixelRatio || 1;
    let request = 0;
    const paint = () => {
      request = 0;
      const { lines, crosses } = drawHints(context, desk, view, colours, ratio);
      canvas.dataset['lines'] = `${lines}`;
      canvas.dataset['crosses'] = `${crosses}`;
    };
    const schedule = () => {
      request ||= requestAnimationFrame(paint);
    };
    const observer = new ResizeObserver(() => {
      canvas.width = Math.round(element.clientWidth * ratio);
      canvas.height = Math.round(element.clientHeight * ratio);
      schedule();
    });
    observer.observe(element);
    const stop = desk.subscribe(schedule);
    return () => {
      cancelAnimationFrame(request);
      observer.disconnect();
      stop();
    };
  }, [desk, view, colours]);

  return (
    <figure
      className={classes('camera-view', 'label-view', isActive && 'label-view--active')}
      data-camera={view.camera.name}
      ref={host}
    >
      <Canvas colours={colours} held={HELD} session={view.session} settings={settings} />
      <canvas aria-hidden="true" className="label-view__hints" data-testid="hints" ref={hints} />
      <figcaption className="camera-view__name">
        {view.camera.name}
        <span className="camera-view__frame number">{number === null ? 'no frame' : `frame ${number}`}</span>
      </figcaption>
    </figure>
  );
}
