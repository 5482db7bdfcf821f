import type { Schemas } from '../../api/client';

export type RenderStyle = Schemas['RenderStyle'];

/** As the command does it when nothing is said. */
export const USUAL_STYLE: RenderStyle = {
  palette: 'auto',
  colour_by: 'auto',
  names: 'legend',
  skeleton: true,
  trail_s: 0,
  fade: true,
  min_confidence: 0,
  error_circles: false,
  follow: false,
  follow_size_px: null,
  point_radius_px: null,
  scale: 1,
  speed: 1,
  show_time: false,
};
