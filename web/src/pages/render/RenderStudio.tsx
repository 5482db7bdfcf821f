import { Clapperboard, Play } from 'lucide-react';
import { useState } from 'react';
import { client, fileUrl, type Schemas } from '../../api/client';
import { useFrameTimes } from '../../api/frameTimes';
import type { Job } from '../../api/jobStream';
import { dataOf, useAction } from '../../api/useAction';
import { useJob } from '../../app/jobs';
import { Button } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { Card } from '../../components/Card';
import { FrameScrubber } from '../../components/FrameScrubber';
import { JobCard } from '../../components/JobCard';
import { Problem } from '../../components/Problem';
import { PreviewFrame } from './PreviewFrame';
import { StyleForm } from './StyleForm';
import { type RenderStyle, USUAL_STYLE } from './style';

const CLIP_S = 5;
const USUAL_FPS = 30;

interface RenderStudioProps {
  project: string;
  result: Schemas['Result'];
}

/** Choose how a labelled video looks, see a frame and a clip of it, and write it. */
export function RenderStudio({ project, result }: RenderStudioProps) {
  const [style, setStyle] = useState<RenderStyle>(USUAL_STYLE);
  const [frame, setFrame] = useState(0);
  const [jobId, setJobId] = useState<{ clip?: Job; whole?: Job }>({});
  const [isReplacing, setIsReplacing] = useState(false);
  const clip = useJob(jobId.clip?.id) ?? jobId.clip;
  const whole = useJob(jobId.whole?.id) ?? jobId.whole;
  const render = useAction(
    (body: Schemas['RenderRequest']) =>
      dataOf(
        client.POST('/api/projects/{project}/results/{result}/render', {
          params: { path: { project, result: result.id } },
          body,
        }),
      ),
    { isQuiet: true },
  );
  const timeOf = useFrameTimes(project, result.video);
  const clipFrames = Math.round(CLIP_S * (result.fps ?? USUAL_FPS));
  const writeClip = () => {
    const stop = Math.min(frame + clipFrames, result.n_frames);
    render.run({ style, start: frame, stop, is_preview: true, overwrite: true }, (job) =>
      setJobId({ ...jobId, clip: job }),
    );
  };
  const writeWhole = () =>
    render.run({ style, start: null, stop: null, is_preview: false, overwrite: isReplacing }, (job) =>
      setJobId({ ...jobId, whole: job }),
    );
  return (
    <div className="split">
      <div className="stack">
        <Card>
          <div className="stack">
            <PreviewFrame frame={frame} project={project} result={result.id} style={style} />
            <FrameScrubber
              frame={frame}
              label="Frame of the preview"
              nFrames={result.n_frames}
              onChange={setFrame}
              seconds={timeOf(frame)}
            />
          </div>
        </Card>
        {clip && (clip.status === 'done' ? <Clip job={clip} /> : <JobCard job={clip} />)}
        {whole && (
          <JobCard job={whole}>
            {whole.status === 'done' && <p>The video is in the project’s folder “rendered”: {placeOf(whole)}</p>}
          </JobCard>
        )}
      </div>
      <Card title="Look">
        <div className="stack">
          <StyleForm hasIndividuals={result.individuals.length > 1} onChange={setStyle} style={style} />
          <label className="check">
            <input checked={isReplacing} onChange={(event) => setIsReplacing(event.target.checked)} type="checkbox" />
            <span>Replace an earlier video of this result</span>
          </label>
          {render.error ? <Problem error={render.error} title="The video could not be made." /> : null}
          <div className="row">
            <Button icon={Play} isBusy={render.isBusy} onClick={writeClip}>
              {CLIP_S} s preview
            </Button>
            <Button icon={Clapperboard} isBusy={render.isBusy} kind="primary" onClick={writeWhole}>
              Make the video
            </Button>
          </div>
        </div>
      </Card>
    </div>
  );
}

function Clip({ job }: { job: Job }) {
  const [name] = job.files;
  if (!name) return <Callout kind="bad">The preview was made, but it is not there.</Callout>;
  return (
    <Card title="Preview">
      <video
        autoPlay
        className="render__clip"
        controls
        loop
        muted
        src={fileUrl(`/api/jobs/${encodeURIComponent(job.id)}/files/${encodeURIComponent(name)}`)}
      />
    </Card>
  );
}

/** Where the video was written, as the job says it. */
function placeOf(job: Job): string {
  const path = job.result?.['path'] ?? job.result?.['file'];
  return typeof path === 'string' ? path : '';
}
