/** Cameras and animals in 3D; three.js comes when it is needed. */

import { Camera as CameraIcon, Minus, PawPrint, Plus, RotateCw } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTheme } from '../../app/theme';
import { IconButton } from '../../components/Button';
import type { Camera } from '../../engine/cameras';
import type { Pose3D, View3D } from './scene';
import './Space.css';

interface SpaceProps {
  label: string;
  cameras: readonly Camera[];
  keypointColours?: readonly string[];
  edges?: readonly (readonly [number, number])[];
  pose?: Pose3D | null;
}

const NONE: readonly never[] = [];
const TURN = Math.PI / 18;
const CLOSER = 0.8;

export function Space({ label, cameras, keypointColours = NONE, edges = NONE, pose = null }: SpaceProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [view, setView] = useState<View3D | null>(null);
  const [hasFailed, setHasFailed] = useState(false);
  const [isRotating, setIsRotating] = useState(false);
  const { isDark } = useTheme();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours read from the style sheet
  useEffect(() => {
    const element = canvas.current;
    if (!element || cameras.length === 0) return;
    let made: View3D | null = null;
    let isOver = false;
    const observer = new ResizeObserver(() => made?.resize(...sizeOf(element)));
    void import('./scene').then((module) => {
      if (isOver) return;
      try {
        made = new module.View3D(element, { cameras, keypointColours, edges, colours: coloursOf(element) });
      } catch {
        setHasFailed(true);
        return;
      }
      made.resize(...sizeOf(element));
      if (element.parentElement) observer.observe(element.parentElement);
      setView(made);
    });
    return () => {
      isOver = true;
      observer.disconnect();
      made?.close();
      setView(null);
    };
  }, [cameras, keypointColours, edges, isDark]);

  useEffect(() => {
    if (view && pose) view.show(pose);
  }, [view, pose]);
  useEffect(() => view?.rotate(isRotating), [view, isRotating]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!view || !turnBy(view, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const shown = pose?.flat().filter(Boolean).length ?? 0;
  return (
    <section aria-label={label} className="space">
      <canvas
        aria-label={`${label}: ${cameras.map(({ name }) => name).join(', ')}${pose ? `; ${shown} points` : ''}. Arrow keys turn it.`}
        data-testid="space"
        // A new context for every scene: one canvas holds only one.
        key={`${isDark} ${cameras.map(({ name }) => name).join()}`}
        onKeyDown={onKeyDown}
        ref={canvas}
        role="img"
        tabIndex={0}
      />
      {hasFailed && (
        <p className="space__failure">This browser does not draw in 3D: WebGL is off. Everything else works.</p>
      )}
      <div className="space__tools">
        <IconButton
          aria-pressed={isRotating}
          icon={RotateCw}
          label="Turn round and round"
          onClick={() => setIsRotating(!isRotating)}
          size="sm"
        />
        <IconButton icon={Plus} label="Closer" onClick={() => view?.closer(CLOSER)} size="sm" />
        <IconButton icon={Minus} label="Farther" onClick={() => view?.closer(1 / CLOSER)} size="sm" />
        <IconButton icon={CameraIcon} label="Show the cameras" onClick={() => view?.lookAtCameras()} size="sm" />
        {pose && (
          <IconButton icon={PawPrint} label="Show the animal" onClick={() => view?.lookAtAnimals(pose)} size="sm" />
        )}
      </div>
    </section>
  );
}

/** What a key does to the scene; false where it does nothing. */
function turnBy(view: View3D, key: string): boolean {
  if (key === 'ArrowLeft') view.turn(-TURN);
  else if (key === 'ArrowRight') view.turn(TURN);
  else if (key === '+') view.closer(CLOSER);
  else if (key === '-') view.closer(1 / CLOSER);
  else return false;
  return true;
}

function sizeOf(canvas: HTMLCanvasElement): [number, number] {
  return [Math.max(canvas.clientWidth, 1), Math.max(canvas.clientHeight, 1)];
}

function coloursOf(element: HTMLElement) {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    ground: read('--bg-sunken'),
    grid: read('--border'),
    line: read('--text-soft'),
    text: read('--text'),
  };
}
