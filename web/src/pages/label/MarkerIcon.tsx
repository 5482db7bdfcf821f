import { useEffect, useRef } from 'react';
import { type MarkerStyle, paintMarker } from '../../engine/markers';
import { shapeOf } from '../../engine/palette';

const SIDE_PX = 20;

/** The mark of a keypoint as it stands on the image. */
export function MarkerIcon({ keypoint, colour, style }: { keypoint: number; colour: string; style: MarkerStyle }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = SIDE_PX * ratio;
    canvas.height = SIDE_PX * ratio;
    context.setTransform(ratio, 0, 0, ratio, (SIDE_PX / 2) * ratio, (SIDE_PX / 2) * ratio);
    paintMarker(context, colour, shapeOf(keypoint), style);
  }, [keypoint, colour, style]);
  return <canvas aria-hidden="true" className="marker-icon" ref={ref} style={{ width: SIDE_PX, height: SIDE_PX }} />;
}
