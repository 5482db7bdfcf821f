import { FileWarning, Plus, Settings2, Video as VideoIcon } from 'lucide-react';
import { useState } from 'react';
import { api, frameUrl, type Schemas } from '../../api/client';
import { sentence } from '../../api/errors';
import type { PageProps } from '../../app/pages';
import { Badge } from '../../components/Badge';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { count, duration, measure, plural } from '../../components/format';
import { Page } from '../../components/Page';
import { Picture } from '../../components/Picture';
import { Loaded } from '../../components/Problem';
import { type Column, Table } from '../../components/Table';
import { AddVideosDialog } from './AddVideosDialog';
import { VideoDialog } from './VideoDialog';
import './VideosPage.css';

type Video = Schemas['Video'];

export default function VideosPage({ project }: PageProps) {
  const videos = api.useQuery('get', '/api/projects/{project}/videos', { params: { path: { project } } });
  const checks = api.useQuery('get', '/api/projects/{project}/checks', { params: { path: { project } } });
  const [isAdding, setIsAdding] = useState(false);
  const [opened, setOpened] = useState<string | null>(null);
  const add = (
    <Button icon={Plus} kind="primary" onClick={() => setIsAdding(true)}>
      Add videos
    </Button>
  );
  return (
    <Page
      actions={videos.data && videos.data.length > 0 && add}
      text="The recordings of this project. They stay where they are; the project remembers where."
      title="Videos"
    >
      <Loaded query={videos}>
        {(list) =>
          list.length === 0 ? (
            <Card>
              <EmptyState actions={add} icon={VideoIcon} title="No videos yet">
                Add the recordings of your animals: as many at once as you like, in any common format.
              </EmptyState>
            </Card>
          ) : (
            <Card isFlush text={summary(list)} title={plural(list.length, 'video')}>
              <Table
                columns={columnsFor(list, project, setOpened, checks.data?.findings ?? [])}
                label="Videos"
                rowKey={(video) => video.key}
                rows={list}
              />
            </Card>
          )
        }
      </Loaded>
      {isAdding && <AddVideosDialog onClose={() => setIsAdding(false)} project={project} />}
      {opened !== null && <VideoDialog onClose={() => setOpened(null)} project={project} video={opened} />}
    </Page>
  );
}

function summary(videos: readonly Video[]): string {
  const frames = videos.reduce((sum, video) => sum + (video.n_frames ?? 0), 0);
  const seconds = videos.reduce((sum, video) => sum + (video.duration_s ?? 0), 0);
  return `${plural(frames, 'frame')}, ${duration(seconds)} together`;
}

/** The columns of the table: what every video has, then what people noted about them. */
function columnsFor(
  videos: readonly Video[],
  project: string,
  open: (key: string) => void,
  findings: readonly Schemas['Finding'][],
): Column<Video>[] {
  const warnings = (key: string) =>
    findings.filter(({ video, frame, severity }) => video === key && frame === null && severity !== 'info');
  const notes = [...new Set(videos.flatMap((video) => Object.keys(video.metadata)))];
  return [
    {
      key: 'picture',
      title: <span className="visually-hidden">First frame</span>,
      width: '112px',
      cell: (video) => (
        <Picture
          alt=""
          className="video__thumb"
          ratio={16 / 10}
          src={video.is_missing ? null : frameUrl(project, video.key, 0, { width: 160, stamp: video.stamp })}
        />
      ),
    },
    {
      key: 'name',
      title: 'Name',
      cell: (video) => (
        <>
          <button className="video__name" onClick={() => open(video.key)} type="button">
            {video.key}
          </button>
          <div className="row video__badges">
            {video.is_missing && (
              <Badge icon={FileWarning} tone="bad">
                file not found
              </Badge>
            )}
            {video.crop && <Badge>cropped</Badge>}
            {!video.is_missing &&
              warnings(video.key).map(({ code, message }) => (
                <span className="video__warning small" key={code}>
                  {sentence(message)}
                </span>
              ))}
          </div>
        </>
      ),
    },
    {
      key: 'frames',
      title: 'Frames',
      isNumber: true,
      cell: (video) => (video.n_frames === null ? '–' : count(video.n_frames)),
    },
    { key: 'rate', title: 'Rate', isNumber: true, cell: (video) => measure(video.fps, 'fps', 2).replace(/\.00/, '') },
    { key: 'length', title: 'Length', isNumber: true, cell: (video) => duration(video.duration_s) },
    {
      key: 'size',
      title: 'Size',
      isNumber: true,
      cell: (video) => (video.width ? `${video.width} × ${video.height}` : '–'),
    },
    ...notes.map((name) => ({
      key: `note-${name}`,
      title: name,
      cell: (video: Video) => String(video.metadata[name] ?? '–'),
    })),
    {
      key: 'labels',
      title: 'Labelled',
      isNumber: true,
      cell: (video) => (video.n_extracted === 0 ? '–' : `${video.n_labelled} of ${video.n_extracted}`),
    },
    { key: 'results', title: 'Results', isNumber: true, cell: (video) => video.n_results || '–' },
    {
      key: 'actions',
      title: <span className="visually-hidden">Details</span>,
      cell: (video) => (
        <Button
          aria-label={`Details of ${video.key}`}
          icon={Settings2}
          kind="quiet"
          onClick={() => open(video.key)}
          size="sm"
        >
          Details
        </Button>
      ),
    },
  ];
}
