import { type PointerEvent, useRef, useState } from 'react';
import { frameUrl, type Schemas } from '../../api/client';
import { Button } from '../../components/Button';
import { NumberField } from '../../components/Field';
import './CropEditor.css';
import { type Box, boxBetween, fitBox } from './box';

export type { Box } from './box';

interface CropEditorProps {
  project: string;
  video: Schemas['VideoDetail'];
  box: Box | null;
  onChange: (box: Box | null) => void;
}

const NAMES = ['Left', 'Top', 'Width', 'Height'] as const;

/** The part of the picture that matters, drawn with the pointer or typed in. */
export function CropEditor({ project, video, box, onChange }: CropEditorProps) {
  const frame = useRef<SVGSVGElement>(null);
  const [corner, setCorner] = useState<[number, number] | null>(null);
  const size = { width: video.width ?? 1, height: video.height ?? 1 };
  const at = (event: PointerEvent): [number, number] => {
    const bounds = frame.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
    return [
      ((event.clientX - bounds.left) / bounds.width) * size.width,
      ((event.clientY - bounds.top) / bounds.height) * size.height,
    ];
  };
  const shown: Box = box ?? [0, 0, size.width, size.height];
  const middle = Math.floor((video.n_frames ?? 1) / 2);
  return (
    <div className="stack">
      <div className="crop" style={{ aspectRatio: size.width / size.height }}>
        {!video.is_missing && (
          <img
            alt={`Frame ${middle} of ${video.key}`}
            draggable={false}
            src={frameUrl(project, video.key, middle, { width: 960, stamp: video.stamp })}
          />
        )}
        <svg
          aria-hidden
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            setCorner(at(event));
          }}
          onPointerMove={(event) => corner && onChange(boxBetween(corner, at(event), size))}
          onPointerUp={() => setCorner(null)}
          preserveAspectRatio="none"
          ref={frame}
          viewBox={`0 0 ${size.width} ${size.height}`}
        >
          {box && (
            <>
              <path
                className="crop__shade"
                d={`M0 0H${size.width}V${size.height}H0Z ${pathOf(box)}`}
                fillRule="evenodd"
              />
              <path className="crop__line" d={pathOf(box)} vectorEffect="non-scaling-stroke" />
            </>
          )}
        </svg>
      </div>
      <div className="row row--between">
        <p className="soft small">
          {box ? 'Only this part is analysed.' : 'Draw a box where only a part of the picture matters.'}
        </p>
        {box && (
          <Button onClick={() => onChange(null)} size="sm">
            Whole picture
          </Button>
        )}
      </div>
      <div className="numbers-4">
        {NAMES.map((name, index) => (
          <NumberField
            key={name}
            label={name}
            min={index < 2 ? 0 : 1}
            onChange={(value) => {
              const next: Box = [...shown];
              next[index] = value ?? 0;
              onChange(fitBox(next, size));
            }}
            step={1}
            unit="px"
            value={shown[index] ?? 0}
          />
        ))}
      </div>
    </div>
  );
}

function pathOf([x, y, width, height]: Box): string {
  return `M${x} ${y}h${width}v${height}h${-width}Z`;
}
