/** When a frame is shown: by the video's own time stamps where its rate varies, by its rate otherwise. */
import { useQuery } from '@tanstack/react-query';
import { loadTimes } from './binary';
import { api, fileUrl } from './client';

/** Returns the time of any frame of a video in seconds, or null while it is not known. */
export function useFrameTimes(project: string, key: string | null): (frame: number) => number | null {
  const { data: video } = api.useQuery(
    'get',
    '/api/projects/{project}/videos/{video}',
    { params: { path: { project, video: key ?? '' } } },
    { enabled: key !== null, staleTime: Number.POSITIVE_INFINITY },
  );
  const isUneven = video?.is_variable_rate === true;
  const times = useQuery({
    queryKey: ['times', project, key, video?.stamp],
    queryFn: ({ signal }) =>
      loadTimes(
        fileUrl(`/api/projects/${encodeURIComponent(project)}/videos/${encodeURIComponent(key ?? '')}/times`),
        signal,
      ),
    enabled: isUneven,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const fps = video?.fps;
  if (isUneven) return (frame) => times.data?.[frame] ?? null;
  return (frame) => (fps ? frame / fps : null);
}
