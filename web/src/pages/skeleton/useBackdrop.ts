import { api, frameUrl } from '../../api/client';

export interface Spot {
  x: number;
  y: number;
}

export interface Backdrop {
  size: { width: number; height: number };
  image: string | null;
  /** Where the points lie in this frame, by name, as far as they are labelled. */
  spots: ReadonlyMap<string, Spot>;
}

/** A picture to draw on: a labelled frame if there is one, else the middle of the first video. */
export function useBackdrop(project: string): Backdrop | null {
  const params = { path: { project } };
  const videos = api.useQuery('get', '/api/projects/{project}/videos', { params });
  const frames = api.useQuery('get', '/api/projects/{project}/frames', { params });
  const skeleton = api.useQuery('get', '/api/projects/{project}/skeleton', { params });
  const labelled =
    frames.data?.find((item) => item.state === 'labeled') ?? frames.data?.find((item) => item.n_instances > 0);
  const labels = api.useQuery(
    'get',
    '/api/projects/{project}/labels/{video}/{frame}',
    { params: { path: { project, video: labelled?.video ?? '', frame: labelled?.frame ?? 0 } } },
    { enabled: labelled !== undefined },
  );
  const video = videos.data?.find(({ key }) => key === labelled?.video) ?? videos.data?.[0];
  if (!video?.width || !video.height) return null;
  const points = labels.data?.instances[0]?.points ?? [];
  const spots = new Map<string, Spot>();
  skeleton.data?.keypoints.forEach((name, index) => {
    const position = points[index]?.position;
    if (position) spots.set(name, { x: position[0], y: position[1] });
  });
  const frame = labelled?.frame ?? Math.floor((video.n_frames ?? 1) / 2);
  return {
    size: { width: video.width, height: video.height },
    image: video.is_missing ? null : frameUrl(project, video.key, frame, { width: 1280, stamp: video.stamp }),
    spots,
  };
}
