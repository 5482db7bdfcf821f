import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { client } from '../../api/client';
import { Problem } from '../../components/Problem';
import { Loading } from '../../components/Progress';
import { useSettled } from '../../components/useSettled';
import type { RenderStyle } from './style';

interface PreviewFrameProps {
  project: string;
  result: string;
  frame: number;
  style: RenderStyle;
}

/** One frame as it will be in the video. */
export function PreviewFrame({ project, result, frame, style }: PreviewFrameProps) {
  const wanted = useSettled(JSON.stringify({ frame, style }), 150);
  const preview = useQuery({
    queryKey: ['render-preview', project, result, wanted],
    queryFn: ({ signal }) => fetchPreview(project, result, JSON.parse(wanted), signal),
    placeholderData: (old) => old,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
  });
  const url = useObjectUrl(preview.data);
  if (preview.error) return <Problem error={preview.error} title="This frame could not be drawn." />;
  return (
    <div className={preview.isFetching ? 'render__stage render__stage--old' : 'render__stage'}>
      {url ? <img alt={`Frame ${frame} as it will be in the video`} src={url} /> : <Loading label="Drawing" />}
    </div>
  );
}

async function fetchPreview(
  project: string,
  result: string,
  body: { frame: number; style: RenderStyle },
  signal: AbortSignal,
): Promise<Blob> {
  const { data } = await client.POST('/api/projects/{project}/results/{result}/render-preview', {
    params: { path: { project, result } },
    body,
    parseAs: 'blob',
    signal,
  });
  if (!data) throw new Error('The server sent no picture.');
  return data;
}

function useObjectUrl(blob: Blob | undefined): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!blob) return;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
}
