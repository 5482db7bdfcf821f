import { frameUrl } from '../api/client';
import './FrameView.css';
import { useSettled } from './useSettled';

interface FrameViewProps {
  project: string;
  video: { key: string; width: number | null; height: number | null; stamp: string };
  frame: number;
}

/** One exact frame of a video, with its number written beside it. */
export function FrameView({ project, video, frame }: FrameViewProps) {
  const shown = useSettled(frame, 60);
  return (
    <figure className="frame-view" style={{ aspectRatio: (video.width ?? 4) / (video.height ?? 3) }}>
      <img
        alt={`Frame ${shown} of ${video.key}`}
        src={frameUrl(project, video.key, shown, { width: 1280, stamp: video.stamp })}
      />
    </figure>
  );
}
