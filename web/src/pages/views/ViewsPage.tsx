import { Box, Keyboard, MousePointerClick } from 'lucide-react';
import { useMemo, useState } from 'react';
import { api, client } from '../../api/client';
import { explain } from '../../api/errors';
import { dataOf, useAction } from '../../api/useAction';
import { navigate } from '../../app/hashLocation';
import { hasEnded, useJobs } from '../../app/jobs';
import { type PageProps, pageUrl } from '../../app/pages';
import { useStore } from '../../app/useStore';
import { Button, ButtonLink, IconButton } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { JobCard } from '../../components/JobCard';
import { KeySheet } from '../../components/KeySheet';
import { Problem } from '../../components/Problem';
import { Loading } from '../../components/Progress';
import { StepButtons } from '../../components/StepButtons';
import { coloursOf } from '../../engine/palette';
import { MarkerIcon } from '../label/MarkerIcon';
import { CameraView } from './CameraView';
import { VIEW_ACTIONS, VIEW_POINTER_HINTS, type ViewActionId } from './keys';
import { type Chosen, SessionChoice, SessionGate } from './SessionGate';
import { Space } from './Space';
import { usePageKeys } from './useKeys';
import { useViewsSession } from './useViewsSession';
import type { ViewsSession } from './viewsSession';

const TITLE = 'Watch in 3D';

export default function ViewsPage({ project }: PageProps) {
  return (
    <SessionGate project={project} title={TITLE}>
      {(chosen) => <Watched chosen={chosen} key={chosen.session.name} project={project} />}
    </SessionGate>
  );
}

function Watched({ chosen, project }: { chosen: Chosen; project: string }) {
  const names = useMemo(() => new Set(chosen.cameras.map(({ name }) => name)), [chosen.cameras]);
  const { opened, reconstruction, error } = useViewsSession(project, chosen.session, names, chosen.frame);
  const { data: info } = api.useQuery('get', '/api/projects/{project}', { params: { path: { project } } });
  const keypoints = reconstruction?.keypoints ?? NO_NAMES;
  const skeleton = info?.skeleton;
  const colours = useMemo(() => coloursOf(keypoints, skeleton), [keypoints, skeleton]);
  const edges = useMemo(
    () => (reconstruction?.edges ?? []).map(([a, b]) => [keypoints.indexOf(a), keypoints.indexOf(b)] as const),
    [reconstruction, keypoints],
  );
  if (error) return <Problem error={error} />;
  if (!opened) return <Loading label="Opening the videos" />;
  return (
    <div className="views-page">
      <h1 className="visually-hidden">{TITLE}</h1>
      <header className="views-toolbar">
        <SessionChoice session={chosen.session} sessions={chosen.sessions} />
        <Transport chosen={chosen} project={project} session={opened} />
      </header>
      <div className="views-body">
        <div className="views-grid" data-count={chosen.cameras.length + 1}>
          {chosen.cameras.map((camera) => {
            const source = opened.sources.find((item) => item.camera === camera.name);
            return (
              source && (
                <CameraView
                  camera={camera}
                  colours={colours}
                  edges={edges}
                  key={camera.name}
                  session={opened}
                  source={source}
                />
              )
            );
          })}
          <ShownInSpace chosen={chosen} colours={colours} edges={edges} session={opened} />
        </div>
        <aside className="views-side">
          <Triangulation chosen={chosen} project={project} />
          {reconstruction && <Errors colours={colours} keypoints={keypoints} session={opened} units={chosen.units} />}
        </aside>
      </div>
    </div>
  );
}

const NO_NAMES: readonly string[] = [];

interface SpaceOf {
  chosen: Chosen;
  session: ViewsSession;
  colours: readonly string[];
  edges: readonly (readonly [number, number])[];
}

function ShownInSpace({ chosen, session, colours, edges }: SpaceOf) {
  const [frame, arrivals] = useStore(session, (state) => [state.frame, state.arrivals] as const);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the pose comes with an arrival
  const pose = useMemo(() => session.pose(frame), [session, frame, arrivals]);
  return <Space cameras={chosen.cameras} edges={edges} keypointColours={colours} label="In 3D" pose={pose} />;
}

function Transport({ session, chosen, project }: { session: ViewsSession; chosen: Chosen; project: string }) {
  const [frame, isPlaying] = useStore(session, (state) => [state.frame, state.isPlaying] as const);
  const [isHelp, setIsHelp] = useState(false);
  const labelUrl = pageUrl(project, 'label-views', { session: chosen.session.name, frame });
  const { keymap, setKeymap } = usePageKeys<ViewActionId>('views.keys', VIEW_ACTIONS, isHelp, (id) => {
    const acts: Readonly<Record<ViewActionId, () => void>> = {
      next: () => session.step(1),
      previous: () => session.step(-1),
      'next-10': () => session.step(10),
      'previous-10': () => session.step(-10),
      first: () => session.step(-session.nFrames),
      last: () => session.step(session.nFrames),
      play: () => session.togglePlay(),
      label: () => navigate(labelUrl),
      help: () => setIsHelp(true),
    };
    acts[id]();
  });
  return (
    <>
      <div className="views-toolbar__group">
        <StepButtons isPlaying={isPlaying} session={session} />
      </div>
      <input
        aria-label="Frame of the recording"
        className="views-cursor"
        max={Math.max(session.nFrames - 1, 0)}
        min={0}
        onChange={(event) => session.go(event.target.valueAsNumber)}
        type="range"
        value={frame}
      />
      <span className="number small views-place" data-testid="frame-number">
        frame {frame} <span className="faint">/ {session.nFrames - 1}</span>
      </span>
      <div className="views-toolbar__group">
        <ButtonLink icon={MousePointerClick} kind="quiet" size="sm" to={labelUrl}>
          Label this frame
        </ButtonLink>
        <IconButton icon={Keyboard} label="Show all keys" onClick={() => setIsHelp(true)} size="sm" />
      </div>
      {isHelp && (
        <KeySheet keymap={keymap} onChange={setKeymap} onClose={() => setIsHelp(false)} pointer={VIEW_POINTER_HINTS} />
      )}
    </>
  );
}

/** Triangulate what the networks found, and how it went. */
function Triangulation({ chosen, project }: { chosen: Chosen; project: string }) {
  const { name, reconstruction } = chosen.session;
  const job = useJobs(project).find((item) => item.kind === 'triangulate' && item.subject['session'] === name);
  const [refine, setRefine] = useState(true);
  const start = useAction(
    () =>
      dataOf(
        client.POST('/api/projects/{project}/cameras/reconstructions', {
          params: { path: { project } },
          body: { session: name, refine, overwrite: true },
        }),
      ),
    { isQuiet: true },
  );
  const isRunning = job !== undefined && !hasEnded(job);
  const problem = start.error ? explain(start.error) : null;
  return (
    <section aria-label="Triangulation" className="stack">
      <h2>{reconstruction ? 'Found in 3D' : 'Not in 3D yet'}</h2>
      {!reconstruction && (
        <p className="soft small">Analyse the videos of the session first; then their points become points in 3D.</p>
      )}
      <label className="views-check small">
        <input checked={refine} onChange={(event) => setRefine(event.target.checked)} type="checkbox" />
        Refine over time
      </label>
      <Button icon={Box} isBusy={start.isBusy || isRunning} kind="primary" onClick={() => start.run()} size="sm">
        {reconstruction ? 'Find again' : 'Find in 3D'}
      </Button>
      {job && (isRunning || job.status === 'failed') && <JobCard job={job} />}
      {problem && (
        <Callout kind="warn" title={problem.message}>
          {problem.hint}
        </Callout>
      )}
    </section>
  );
}

interface ErrorsOf {
  session: ViewsSession;
  keypoints: readonly string[];
  colours: readonly string[];
  units: string;
}

/** How well the views agree about every point of the frame. */
function Errors({ session, keypoints, colours }: ErrorsOf) {
  const [frame, arrivals] = useStore(session, (state) => [state.frame, state.arrivals] as const);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the errors come with an arrival
  const errors = useMemo(() => session.errorsOf(frame, 0), [session, frame, arrivals]);
  return (
    <section aria-label="Disagreement of the views">
      <h2>How far the views disagree</h2>
      <ul className="views-errors">
        {keypoints.map((name, k) => {
          const error = errors[k] ?? null;
          return (
            <li key={name}>
              <MarkerIcon colour={colours[k] ?? ''} keypoint={k} style={error === null ? 'proposed' : 'confirmed'} />
              <span className="grow truncate">{name}</span>
              <span className={error === null ? 'faint small' : 'number small'}>
                {error === null ? 'not found' : `${error.toFixed(1)} px`}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
