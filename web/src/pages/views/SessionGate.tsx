/** Chooses the session that a page of several views is about, and says what is missing where there is none. */

import { Aperture } from 'lucide-react';
import { type ReactNode, useEffect, useMemo } from 'react';
import { navigate, useHashSearch } from '../../app/hashLocation';
import { pageUrl } from '../../app/pages';
import { ButtonLink } from '../../components/Button';
import { EmptyState } from '../../components/EmptyState';
import { Problem } from '../../components/Problem';
import { Loading } from '../../components/Progress';
import type { Camera } from '../../engine/cameras';
import { type RecordingSession, titleOfSession, useRig } from '../cameras/useRig';
import '../../components/Workspace.css';
import './views.css';

export interface Chosen {
  readonly session: RecordingSession;
  readonly sessions: readonly RecordingSession[];
  /** The cameras of the session that are calibrated, in the session's order. */
  readonly cameras: readonly Camera[];
  readonly units: string;
  readonly frame: number;
}

interface Props {
  project: string;
  title: string;
  children: (chosen: Chosen) => ReactNode;
}

export function SessionGate({ project, title, children }: Props) {
  const query = new URLSearchParams(useHashSearch());
  const { state, cameras, units, error } = useRig(project);
  const sessions = state.data?.sessions;
  const asked = query.get('session');
  const session = sessions?.find(({ name }) => name === asked) ?? sessions?.[0];
  useEffect(() => {
    document.title = `${title} · Marey`;
  }, [title]);
  const ofSession = useMemo(
    () => Object.keys(session?.videos ?? {}).flatMap((name) => cameras?.get(name) ?? []),
    [session?.videos, cameras],
  );
  const problem = state.error ?? error;
  const isMissing = state.data && (!session || state.data.calibration === '' || (cameras && ofSession.length < 2));
  if (problem) {
    return (
      <div className="workspace-message">
        <h1 className="visually-hidden">{title}</h1>
        <Problem error={problem} />
      </div>
    );
  }
  if (isMissing) return <NothingYet problems={session?.problems ?? []} project={project} title={title} />;
  if (!session || !cameras || !sessions) return <Loading label="Opening the session" />;
  return children({ session, sessions, cameras: ofSession, units, frame: Number(query.get('frame') ?? 0) || 0 });
}

/** The session that is shown, to choose another one from. */
export function SessionChoice({ session, sessions }: Pick<Chosen, 'session' | 'sessions'>) {
  return (
    <select
      aria-label="Which session"
      className="input input--sm views-choice"
      onChange={(event) => navigate(`?${new URLSearchParams({ session: event.target.value })}`)}
      value={session.name}
    >
      {sessions.map((item) => (
        <option key={item.name} value={item.name}>
          {titleOfSession(item)}
        </option>
      ))}
    </select>
  );
}

function NothingYet({ project, title, problems }: { project: string; title: string; problems: readonly string[] }) {
  return (
    <div className="workspace-message">
      <h1 className="visually-hidden">{title}</h1>
      <EmptyState
        actions={
          <ButtonLink kind="primary" to={pageUrl(project, 'cameras')}>
            Set up the cameras
          </ButtonLink>
        }
        icon={Aperture}
        title="The cameras are not set up yet"
      >
        {problems.length > 0
          ? `Something is missing: ${problems.join('; ')}.`
          : 'Say which videos were taken together, and import or make a calibration.'}
      </EmptyState>
    </div>
  );
}
