/** Which traces are drawn, and the numbers of the frame that is shown, for reading and for screen readers. */

import { useStore } from '../../app/useStore';
import { Button } from '../../components/Button';
import { classes } from '../../components/classes';
import { MarkerIcon } from '../label/MarkerIcon';
import type { ResultSession } from './resultSession';

interface Props {
  readonly session: ResultSession;
  /** Those of the keypoints; null where points have those of their animals. */
  readonly colours: readonly string[] | null;
  readonly individualColours: readonly string[];
}

/** The shape tells keypoints apart where the colour tells animals apart. */
const NO_COLOUR = '#8b949e';

export function KeypointPanel({ session, colours, individualColours }: Props) {
  const { data } = session;
  const [shown, chosen, row] = useStore(session, (state) => [state.shown, state.individuals, state.row] as const);
  const { keypoints, individuals } = data.detail;
  const individual = chosen?.[0] ?? null;
  const own = (individual !== null && individualColours[individual]) || NO_COLOUR;
  const isRead = individual !== null || individuals.length === 1;
  useStore(session, (state) => state.arrivals);
  const pose = isRead ? data.pose(row)?.[individual ?? 0] : undefined;
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
      {individuals.length > 1 && (
        <ul className="result-animals" data-testid="animals">
          {individuals.map((name, place) => (
            <li className="result-animal" key={name}>
              <span aria-hidden className="result-animal__colour" style={{ background: individualColours[place] }} />
              <span className="truncate" title={name}>
                {name}
              </span>
            </li>
          ))}
        </ul>
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
      {!isRead && <p className="faint small">Choose one animal to read its numbers here.</p>}
      <ul className="result-keypoints">
        {keypoints.map((name, k) => {
          const point = pose?.[k];
          return (
            <li key={name}>
              <label className={classes('result-keypoint', shown.has(k) && 'result-keypoint--shown')}>
                <input checked={shown.has(k)} onChange={() => session.toggleKeypoint(k)} type="checkbox" />
                <MarkerIcon colour={colours?.[k] ?? own} keypoint={k} style="confirmed" />
                <span className="grow truncate">{name}</span>
                <span className="number soft">
                  {point?.position ? `${point.position.x.toFixed(0)}, ${point.position.y.toFixed(0)}` : isRead && '–'}
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
