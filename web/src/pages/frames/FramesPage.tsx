import { Hand, Images, MousePointerClick, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, client, frameUrl, type Schemas } from '../../api/client';
import { useAction } from '../../api/useAction';
import { hasEnded, useJobs } from '../../app/jobs';
import { type PageProps, pageUrl } from '../../app/pages';
import { Badge, type Tone } from '../../components/Badge';
import { Button, ButtonLink, IconButton } from '../../components/Button';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { clock, plural } from '../../components/format';
import { JobCard } from '../../components/JobCard';
import { Page } from '../../components/Page';
import { Picture } from '../../components/Picture';
import { Loaded } from '../../components/Problem';
import { ChooseCard } from './ChooseCard';
import './FramesPage.css';
import { PickDialog } from './PickDialog';

type FrameItem = Schemas['FrameItem'];
type Video = Schemas['Video'];

const STATES: Readonly<Record<FrameItem['state'], { word: string; tone: Tone }>> = {
  unlabeled: { word: 'to label', tone: 'neutral' },
  unconfirmed: { word: 'to confirm', tone: 'warn' },
  partial: { word: 'begun', tone: 'accent' },
  labeled: { word: 'labelled', tone: 'good' },
};
const AT_FIRST = 24;

export default function FramesPage({ project }: PageProps) {
  const params = { path: { project } };
  const videos = api.useQuery('get', '/api/projects/{project}/videos', { params });
  const frames = api.useQuery('get', '/api/projects/{project}/frames', { params });
  const [isPicking, setIsPicking] = useState(false);
  const choosing = useJobs(project).filter((job) => job.kind === 'extract' && !hasEnded(job));
  const canPick = videos.data && videos.data.length > 0;
  return (
    <Page
      actions={
        canPick && (
          <>
            <Button icon={Hand} onClick={() => setIsPicking(true)}>
              Pick by hand
            </Button>
            <ButtonLink icon={MousePointerClick} kind="primary" to={pageUrl(project, 'label')}>
              Label
            </ButtonLink>
          </>
        )
      }
      text="A network learns most from pictures that differ. Twenty to start with are plenty."
      title="Frames"
    >
      <Loaded query={videos}>
        {(list) =>
          list.length === 0 ? (
            <Card>
              <EmptyState
                actions={
                  <ButtonLink kind="primary" to={pageUrl(project, 'videos')}>
                    Add videos
                  </ButtonLink>
                }
                icon={Images}
                title="Videos come first"
              >
                Frames are picked from the videos of the project, and there are none yet.
              </EmptyState>
            </Card>
          ) : (
            <div className="split">
              <div className="stack">
                {choosing.map((job) => (
                  <JobCard job={job} key={job.id} />
                ))}
                <Loaded query={frames}>{(items) => <Picked items={items} project={project} videos={list} />}</Loaded>
              </div>
              <ChooseCard project={project} videos={list} />
            </div>
          )
        }
      </Loaded>
      {isPicking && canPick && (
        <PickDialog onClose={() => setIsPicking(false)} project={project} videos={videos.data ?? []} />
      )}
    </Page>
  );
}

interface PickedProps {
  items: readonly FrameItem[];
  videos: readonly Video[];
  project: string;
}

function Picked({ items, videos, project }: PickedProps) {
  if (items.length === 0) {
    return (
      <Card>
        <EmptyState icon={Images} title="No frames yet">
          Let Marey choose frames that look different from each other, on the right, or pick them by hand.
        </EmptyState>
      </Card>
    );
  }
  return videos
    .map((video) => ({ video, own: items.filter((item) => item.video === video.key) }))
    .filter(({ own }) => own.length > 0)
    .map(({ video, own }) => <VideoFrames items={own} key={video.key} project={project} video={video} />);
}

function VideoFrames({ items, video, project }: { items: readonly FrameItem[]; video: Video; project: string }) {
  const [isAll, setIsAll] = useState(false);
  const shown = isAll ? items : items.slice(0, AT_FIRST);
  const done = items.filter((item) => item.state === 'labeled').length;
  return (
    <Card text={`${plural(items.length, 'frame')}, ${done} labelled`} title={video.key}>
      <ul className="frames">
        {shown.map((item) => (
          <FrameTile item={item} key={item.frame} project={project} video={video} />
        ))}
      </ul>
      {shown.length < items.length && (
        <div className="frames__more">
          <Button onClick={() => setIsAll(true)}>Show all {items.length}</Button>
        </div>
      )}
    </Card>
  );
}

function FrameTile({ item, video, project }: { item: FrameItem; video: Video; project: string }) {
  const { word, tone } = STATES[item.state];
  const remove = useAction(() =>
    client.DELETE('/api/projects/{project}/frames/{video}/{frame}', {
      params: { path: { project, video: item.video, frame: item.frame } },
    }),
  );
  return (
    <li className="frame-tile">
      <Link
        aria-label={`Label frame ${item.frame} of ${item.video}`}
        className="frame-tile__link"
        href={pageUrl(project, 'label', { video: item.video, frame: item.frame })}
      >
        <Picture
          alt=""
          ratio={(video.width ?? 4) / (video.height ?? 3)}
          src={frameUrl(project, item.video, item.frame, { width: 320, stamp: video.stamp })}
        />
      </Link>
      <div className="frame-tile__foot">
        <span className="number small">
          {item.frame}
          {item.time_s !== null && <span className="faint"> · {clock(item.time_s)}</span>}
        </span>
        <Badge tone={tone}>{word}</Badge>
        {item.state === 'unlabeled' && (
          <IconButton icon={Trash2} label={`Take frame ${item.frame} away`} onClick={() => remove.run()} size="sm" />
        )}
      </div>
    </li>
  );
}
