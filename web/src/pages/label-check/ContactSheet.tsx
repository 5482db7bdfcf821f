import { Grid3x3 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, frameUrl, type Schemas } from '../../api/client';
import { type PageProps, pageUrl } from '../../app/pages';
import { Button, ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { SelectField } from '../../components/Field';
import { plural } from '../../components/format';
import { Picture } from '../../components/Picture';
import { Loaded } from '../../components/Problem';

type PlacedPoint = Schemas['PlacedPoint'];

const SIDE_PX = 72;
const AT_FIRST = 120;

/** Every label of one keypoint, cut out: among many alike, a wrong one is seen at once. */
export function ContactSheet({ project }: PageProps) {
  const query = api.useQuery('get', '/api/projects/{project}', { params: { path: { project } } });
  const [picked, setPicked] = useState('');
  return (
    <Loaded query={query}>
      {({ skeleton }) => {
        const keypoint = skeleton.keypoints.includes(picked) ? picked : (skeleton.keypoints[0] ?? '');
        return (
          <div className="stack">
            <SelectField
              className="evaluate__run"
              label="Point"
              onChange={setPicked}
              options={skeleton.keypoints.map((name) => ({ value: name, label: name }))}
              value={keypoint}
            />
            <Sheet key={keypoint} keypoint={keypoint} project={project} />
          </div>
        );
      }}
    </Loaded>
  );
}

function Sheet({ project, keypoint }: { project: string; keypoint: string }) {
  const points = api.useQuery('get', '/api/projects/{project}/points', {
    params: { path: { project }, query: { keypoint } },
  });
  const [isAll, setIsAll] = useState(false);
  return (
    <Loaded query={points}>
      {(list) =>
        list.length === 0 ? (
          <Card>
            <EmptyState
              actions={
                <ButtonLink kind="primary" to={pageUrl(project, 'label')}>
                  Label frames
                </ButtonLink>
              }
              icon={Grid3x3}
              title={`No ${keypoint} is labelled yet`}
            >
              Every label of a point will be here, cut out and side by side.
            </EmptyState>
          </Card>
        ) : (
          <Card text="The cross is your label. Open one to correct it." title={plural(list.length, 'label')}>
            <ul className="sheet">
              {(isAll ? list : list.slice(0, AT_FIRST)).map((point) => (
                <li key={`${point.video} ${point.frame} ${point.instance}`}>
                  <Tile point={point} project={project} />
                </li>
              ))}
            </ul>
            {!isAll && list.length > AT_FIRST && <Button onClick={() => setIsAll(true)}>Show all {list.length}</Button>}
          </Card>
        )
      }
    </Loaded>
  );
}

function Tile({ point, project }: { point: PlacedPoint; project: string }) {
  const [px, py] = point.position;
  const left = Math.max(Math.round(px - SIDE_PX / 2), 0);
  const top = Math.max(Math.round(py - SIDE_PX / 2), 0);
  const [x, y] = [((px - left) / SIDE_PX) * 100, ((py - top) / SIDE_PX) * 100];
  return (
    <Link
      aria-label={`${point.keypoint} in frame ${point.frame} of ${point.video}`}
      className="sheet__tile"
      href={pageUrl(project, 'label', { video: point.video, frame: point.frame })}
    >
      <div className="sheet__picture">
        <Picture
          alt=""
          ratio={1}
          src={frameUrl(project, point.video, point.frame, { box: [left, top, SIDE_PX, SIDE_PX], width: 160 })}
        />
        <svg aria-hidden viewBox="0 0 100 100">
          <path d={`M${x - 12} ${y}h8M${x + 4} ${y}h8M${x} ${y - 12}v8M${x} ${y + 4}v8`} />
        </svg>
      </div>
      <span className="sheet__words number truncate">
        {point.frame}
        {point.visibility === 'occluded' && ' · covered'}
      </span>
    </Link>
  );
}
