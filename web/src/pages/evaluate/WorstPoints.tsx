import { CircleCheck } from 'lucide-react';
import { Link } from 'wouter';
import { api, frameUrl, type Schemas } from '../../api/client';
import { pageUrl } from '../../app/pages';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { measure, percent } from '../../components/format';
import { Picture } from '../../components/Picture';
import { Loaded } from '../../components/Problem';

type WorstPoint = Schemas['WorstPoint'];

const MARGIN = 1.6;
const MIN_SIDE = 96;
const PICTURE_PX = 240;

/** The points that the network got most wrong; each opens in Label, for sometimes it is the label that is wrong. */
export function WorstPoints({ project, run }: { project: string; run: string }) {
  const worst = api.useQuery('get', '/api/projects/{project}/runs/{run}/worst', {
    params: { path: { project, run }, query: { n: 40 } },
  });
  return (
    <Card
      text="Your label is the ring, the network’s point the cross. Open one: sometimes it is the label that is wrong."
      title="Largest errors"
    >
      <Loaded query={worst}>
        {(points) =>
          points.length === 0 ? (
            <EmptyState icon={CircleCheck} title="No errors to show" />
          ) : (
            <ul className="worst">
              {points.map((point) => (
                <WorstTile key={`${point.image} ${point.keypoint}`} point={point} project={project} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

function WorstTile({ point, project }: { point: WorstPoint; project: string }) {
  const [x, y, side] = windowOf(point);
  const place = ([px, py]: readonly [number, number]) => [((px - x) / side) * 100, ((py - y) / side) * 100] as const;
  const [tx, ty] = place(point.truth);
  const [qx, qy] = place(point.predicted);
  const words = (
    <>
      <div className="worst__picture">
        <Picture
          alt=""
          ratio={1}
          src={
            point.frame === null
              ? null
              : frameUrl(project, point.video, point.frame, { box: [x, y, side, side], width: PICTURE_PX })
          }
        />
        <svg aria-hidden viewBox="0 0 100 100">
          <line className="worst__line" x1={tx} x2={qx} y1={ty} y2={qy} />
          <circle className="worst__truth" cx={tx} cy={ty} r={4.5} />
          <path className="worst__guess" d={`M${qx - 4} ${qy - 4}l8 8M${qx - 4} ${qy + 4}l8 -8`} />
        </svg>
      </div>
      <span className="worst__words">
        <span className="strong truncate">{point.keypoint}</span>
        <span className="number strong">{measure(point.error_px, 'px')}</span>
        <span className="worst__where soft small">
          {point.video}, frame {point.frame ?? '–'}
          {point.confidence !== null && ` · ${percent(point.confidence)} sure`}
        </span>
      </span>
    </>
  );
  return (
    <li>
      {point.frame === null ? (
        <div className="worst__tile">{words}</div>
      ) : (
        <Link
          className="worst__tile"
          href={pageUrl(project, 'label', { video: point.video, frame: point.frame, keypoint: point.keypoint })}
        >
          {words}
        </Link>
      )}
    </li>
  );
}

/** A square around the label and the prediction: [left, top, side], in whole pixels. */
function windowOf({ truth, predicted }: WorstPoint): [number, number, number] {
  const span = Math.max(Math.abs(truth[0] - predicted[0]), Math.abs(truth[1] - predicted[1]));
  const side = Math.round(Math.max(span * MARGIN, MIN_SIDE));
  const left = Math.round((truth[0] + predicted[0]) / 2 - side / 2);
  const top = Math.round((truth[1] + predicted[1]) / 2 - side / 2);
  return [Math.max(left, 0), Math.max(top, 0), side];
}
