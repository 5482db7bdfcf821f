/** Which traces are drawn, and the numbers of the frame that is shown, for reading and for screen readers. */

import { useStore } from '../../app/useStore';
import { Button } from '../../components/Button';
import { classes } from '../../components/classes';
import { MarkerIcon } from '../label/MarkerIcon';
import type { ResultSession } from './resultSession';

export function KeypointPanel({ session, colours }: { session: ResultSession; colours: readonly string[] }) {
  const { data } = session;
  const [shown, chosen, row] = useStore(session, (state) => [state.shown, state.individuals, state.row] as const);
  const individual = chosen?.[0] ?? null;
  useStore(session, (state) => state.arrivals);
  const pose = data.pose(row)?.[individual ?? 0];
  const { keypoints, individuals } = data.detail;
  return (
    <>
      {individuals.length > 1 && (
        <label className="result-field">
          <span>Animal</span>
          <select
            className="input input--sm"
            onChange={(event) =>
              session.chooseIndividuals(event.target.value === '' ? null : [Number(event.target.value)])
            }
            value={individual ?? ''}
          >
            {individuals.map((name, place) => (
              <option key={name} value={place}>
                {name}
              </option>
            ))}
            <option value="">all of them</option>
          </select>
        </label>
      )}
      <header className="panel-head">
        <h2>Keypoints</h2>
        <span className="row" style={{ '--gap': '2px' } as React.CSSProperties}>
          <Button kind="quiet" onClick={() => session.showKeypoints(keypoints.keys())} size="sm">
            All
          </Button>
          <Button kind="quiet" onClick={() => session.showKeypoints([])} size="sm">
            None
          </Button>
        </span>
      </header>
      <ul className="result-keypoints">
        {keypoints.map((name, k) => {
          const point = pose?.[k];
          return (
            <li key={name}>
              <label className={classes('result-keypoint', shown.has(k) && 'result-keypoint--shown')}>
                <input checked={shown.has(k)} onChange={() => session.toggleKeypoint(k)} type="checkbox" />
                <MarkerIcon colour={colours[k] ?? ''} keypoint={k} style="confirmed" />
                <span className="grow truncate">{name}</span>
                <span className="number soft">
                  {point?.position ? `${point.position.x.toFixed(0)}, ${point.position.y.toFixed(0)}` : '–'}
                </span>
                <span className="number result-keypoint__sure">
                  {point?.confidence == null ? '' : point.confidence.toFixed(2)}
                </span>
              </label>
            </li>
          );
        })}
      </ul>
    </>
  );
}
