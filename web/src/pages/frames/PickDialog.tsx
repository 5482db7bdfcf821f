import { Plus } from 'lucide-react';
import { useState } from 'react';
import { api, client, type Schemas } from '../../api/client';
import { useFrameTimes } from '../../api/frameTimes';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { SelectField } from '../../components/Field';
import { FrameScrubber } from '../../components/FrameScrubber';
import { FrameView } from '../../components/FrameView';
import { Problem } from '../../components/Problem';
import { useToast } from '../../components/Toast';

interface PickDialogProps {
  project: string;
  videos: readonly Schemas['Video'][];
  onClose: () => void;
}

/** Go through a video exactly, frame by frame, and take what is worth labelling. */
export function PickDialog({ project, videos, onClose }: PickDialogProps) {
  const usable = videos.filter((video) => !video.is_missing);
  const [key, setKey] = useState(usable[0]?.key ?? '');
  const [frame, setFrame] = useState(0);
  const toast = useToast();
  const video = usable.find((candidate) => candidate.key === key);
  const frames = api.useQuery('get', '/api/projects/{project}/frames', { params: { path: { project } } });
  const timeOf = useFrameTimes(project, key);
  const isPicked = frames.data?.some((item) => item.video === key && item.frame === frame) ?? false;
  const pick = useAction(
    () =>
      dataOf(
        client.POST('/api/projects/{project}/frames', {
          params: { path: { project } },
          body: { video: key, frames: [frame] },
        }),
      ),
    { onDone: () => toast.say(`Frame ${frame} added.`), isQuiet: true },
  );
  return (
    <Dialog
      actions={
        <>
          <span className="grow soft small">{isPicked && 'This frame is among the frames to label already.'}</span>
          <Button onClick={onClose}>Done</Button>
          <Button
            disabled={!video || isPicked}
            icon={Plus}
            isBusy={pick.isBusy}
            kind="primary"
            onClick={() => pick.run()}
          >
            Add this frame
          </Button>
        </>
      }
      isWide
      onClose={onClose}
      text="Arrow keys step by one frame, with Shift by ten, with Ctrl by a hundred."
      title="Pick frames by hand"
    >
      <div className="stack">
        {usable.length > 1 && (
          <SelectField
            label="Video"
            onChange={(next) => {
              setKey(next);
              setFrame(0);
            }}
            options={usable.map((option) => ({ value: option.key, label: option.key }))}
            value={key}
          />
        )}
        {video && (
          <>
            <FrameView frame={frame} project={project} video={video} />
            <FrameScrubber
              frame={frame}
              label={`Frames of ${video.key}`}
              nFrames={video.n_frames ?? 1}
              onChange={setFrame}
              seconds={timeOf(frame)}
            />
          </>
        )}
        {pick.error ? <Problem error={pick.error} title="The frame was not added." /> : null}
      </div>
    </Dialog>
  );
}
