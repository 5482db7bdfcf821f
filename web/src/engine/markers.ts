/** The marks of points, drawn once each and then stamped: hundreds of them cost little. */

import { isUnconfirmed, type LabelPoint } from './labels';
import { type Shape, shapeOf } from './palette';

/** Filled: a person stands behind it. Hollow: only proposed. */
export type MarkerStyle = 'confirmed' | 'occluded' | 'proposed' | 'proposed-occluded';

const RADIUS_PX = 5;
const PADDING_PX = 4;
const HALO = 'rgba(10, 12, 16, 0.85)';
const INNER_LINE = '#ffffff';

export function styleOf(point: LabelPoint): MarkerStyle {
  const isOccluded = point.visibility === 'occluded';
  if (isUnconfirmed(point)) return isOccluded ? 'proposed-occluded' : 'proposed';
  return isOccluded ? 'occluded' : 'confirmed';
}

export class MarkerSheet {
  private readonly stamps = new Map<string, CanvasImageSource>();

  constructor(
    private readonly colours: readonly string[],
    private readonly pixelRatio: number,
    private readonly size = 1,
  ) {}

  /** Draw the mark of a keypoint around (x, y) in CSS pixels, in the keypoint's colour unless another is given. */
  stamp(
    context: CanvasRenderingContext2D,
    keypoint: number,
    style: MarkerStyle,
    x: number,
    y: number,
    colour = this.colours[keypoint] ?? INNER_LINE,
  ): void {
    const half = this.half;
    context.drawImage(this.find(keypoint, style, colour), x - half, y - half, 2 * half, 2 * half);
  }

  private get half(): number {
    return RADIUS_PX * this.size + PADDING_PX;
  }

  private find(keypoint: number, style: MarkerStyle, colour: string): CanvasImageSource {
    const name = `${keypoint} ${style} ${colour}`;
    const known = this.stamps.get(name);
    if (known) return known;
    const stamp = this.draw(keypoint, style, colour);
    this.stamps.set(name, stamp);
    return stamp;
  }

  private draw(keypoint: number, style: MarkerStyle, colour: string): CanvasImageSource {
    const side = Math.ceil(2 * this.half * this.pixelRatio);
    const canvas = document.createElement('canvas');
    canvas.width = side;
    canvas.height = side;
    const context = canvas.getContext('2d');
    if (!context) return canvas;
    context.scale(side / (2 * this.half), side / (2 * this.half));
    context.translate(this.half, this.half);
    paintMarker(context, colour, shapeOf(keypoint), style, RADIUS_PX * this.size);
    return canvas;
  }
}

/** Draw a mark around the origin; the list of parts uses it too. */
export function paintMarker(
  context: CanvasRenderingContext2D,
  colour: string,
  shape: Shape,
  style: MarkerStyle,
  radius = RADIUS_PX,
): void {
  context.lineJoin = 'round';
  tracePath(context, shape, style.startsWith('proposed') ? radius + 1 : radius);
  if (style.startsWith('proposed')) {
    stroke(context, HALO, 3.5);
    stroke(context, INNER_LINE, 2.25);
    stroke(context, colour, 1.5);
  } else {
    stroke(context, HALO, 3.5);
    context.fillStyle = colour;
    context.fill();
    stroke(context, INNER_LINE, 1);
  }
  if (!style.endsWith('occluded')) return;
  context.beginPath();
  context.moveTo(-radius - 2, radius + 2);
  context.lineTo(radius + 2, -radius - 2);
  stroke(context, HALO, 4);
  stroke(context, INNER_LINE, 1.75);
}

function stroke(context: CanvasRenderingContext2D, colour: string, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function tracePath(context: CanvasRenderingContext2D, shape: Shape, r: number): void {
  context.beginPath();
  if (shape === 'circle') {
    context.arc(0, 0, r, 0, 2 * Math.PI);
    return;
  }
  corners(shape).forEach(([x, y], i) => {
    if (i === 0) context.moveTo(x * r, y * r);
    else context.lineTo(x * r, y * r);
  });
  context.closePath();
}

function corners(shape: Exclude<Shape, 'circle'>): readonly (readonly [number, number])[] {
  switch (shape) {
    case 'square':
      return [
        [-0.88, -0.88],
        [0.88, -0.88],
        [0.88, 0.88],
        [-0.88, 0.88],
      ];
    case 'diamond':
      return [
        [0, -1.2],
        [1.2, 0],
        [0, 1.2],
        [-1.2, 0],
      ];
    case 'triangle':
      return [
        [0, -1.2],
        [1.1, 0.8],
        [-1.1, 0.8],
      ];
    case 'hexagon':
      return [
        [-1.1, 0],
        [-0.55, -0.95],
        [0.55, -0.95],
        [1.1, 0],
        [0.55, 0.95],
        [-0.55, 0.95],
      ];
    case 'drop':
      return [
        [0, 1.2],
        [1.1, -0.8],
        [-1.1, -0.8],
      ];
  }
}
