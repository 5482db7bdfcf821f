/** Tracks of several animals looked through and repaired, the most worthwhile moments first. */

import { Footprints } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { api, type Schemas } from '../../api/client';
import { explain } from '../../api/errors';
import { navigate, useHashSearch } from '../../app/hashLocation';
import { type PageProps, pageUrl } from '../../app/pages';
import { useStore } from '../../app/useStore';
import { ButtonLink } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { EmptyState } from '../../components/EmptyState';
import { GoToDialog } from '../../components/GoToDialog';
import { KeySheet } from '../../components/KeySheet';
import { Loading } from '../../components/Progress';
import { useToast } from '../../components/Toast';
import { coloursFor } from '../../engine/palette';
import type { ResultSession } from '../results/resultSession';
import { Stage } from '../results/Stage';
import { frameFrom } from '../results/usePlaceInAddress';
import { useResultSession } from '../results/useResultSession';
import '../../components/Workspace.css';
import '../results/results.css';
import './proofread.css';
import { trackDrawing } from './drawTracks';
import { IssueQueue } from './IssueQueue';
import { lookAt, rowsAround } from './issueRows';
import { POINTER_HINTS, type ProofreadActionId } from './keys';
import { LaneView } from './LaneView';
import { LearnDialog } from './LearnDialog';
import { RepairPanel } from './RepairPanel';
import {
  assignmentOf,
  type Choice,
  choiceOf,
  choose,
  NOTHING_CHOSEN,
  placeOf,
  type RepairKind,
  repairOf,
  type Suspicion,
  stillThere,
} from './repairs';
import { TracePanel } from './TracePanel';
import { TrackFirst } from './TrackFirst';
import { Transport } from './Transport';
import { type Closeness, useCloseness } from './useCloseness';
import { useRepairs, useTracks } from './useProofreading';
import { useProofreadKeys } from './useProofreadKeys';
import { useSwitch } from './useSwitch';

const ZOOM_STEP = 1.5;
const OPEN_FIRST = 'Open an issue first: click it, or press the key for the next one.';

export default function ProofreadPage({ project }: PageProps) {
  const query = new URLSearchParams(useHashSearch());
  const path = { params: { path: { project } } };
  const { data: all, error } = api.useQuery('get', '/api/projects/{project}/results', path);
  const asked = query.get('result');
  const results = useMemo(() => all?.filter((item) => item.id === asked || hasSeveral(item)), [all, asked]);
  const usual = results?.find(isTracked) ?? results?.[0];
  const chosen = asked ?? usual?.id ?? null;
  const opened = useResultSession(project, chosen, frameFrom(query), false);
  const tracks = useTracks(project, chosen);
  useEffect(() => {
    document.title = 'Proofread · Marey';
  }, []);
  const problem = error ?? opened.error ?? tracks.error;
  if (problem) return <Failure error={problem} />;
  if (!results) return <Loading label="Looking for tracks" />;
  if (results.length === 0) return <NoTracks project={project} />;
  return (
    <div className="results-page">
      <h1 className="visually-hidden">Proofread</h1>
      {opened.session && tracks.data ? (
        <Opened
          chosen={chosen}
          key={chosen}
          project={project}
          results={results}
          session={opened.session}
          tracks={tracks.data}
        />
      ) : (
        <Loading label="Opening the tracks" />
      )}
    </div>
  );
}

function isTracked({ name }: Schemas['Result']): boolean {
  return name.endsWith('-tracks');
}

/** Tracks are of several animals, whatever a repair left of them. */
function hasSeveral(item: Schemas['Result']): boolean {
  return item.individuals.length > 1 || isTracked(item);
}

interface OpenedProps {
  readonly project: string;
  readonly chosen: string | null;
  readonly results: readonly Schemas['Result'][];
  readonly session: ResultSession;
  readonly tracks: Schemas['Tracks'];
}

function Opened({ project, chosen, results, session, tracks }: OpenedProps) {
  const toast = useToast();
  const [chosenOnce, setChoice] = useState<Choice>(NOTHING_CHOSEN);
  const [open, setOpen] = useState<{ place: number; issue: Suspicion | null }>({ place: -1, issue: null });
  const [dialog, setDialog] = useState<'go-to' | 'help' | 'learn' | null>(null);
  const { repair, undo, redo, isBusy, learn } = useRepairs(project, session, tracks);
  const { names, suspicions: issues } = tracks;
  const choice = useMemo(() => stillThere(chosenOnce, names), [chosenOnce, names]);
  const place = placeOf(issues, open.issue);
  const issue = issues[place] ?? null;
  const colours = useColours(names);
  const closeness = useCloseness(session, names, choice);
  const traces = useSwitch('proofread.traces');
  const { detail } = session.data;

  const show = (at: number) => {
    const next = issues[at];
    if (!next) return;
    setOpen({ place: at, issue: next });
    setChoice(choiceOf(next, names));
    lookAt(session, next);
    closeness.look(next);
  };
  const frame = () => session.data.frameOf(session.state.row);
  const perform = (kind: RepairKind) => {
    const found = repairOf(kind, choice, frame(), names, issue);
    if ('missing' in found) toast.hint(found.missing);
    else repair({ edits: [found.edit] }, () => setChoice((before) => ({ ...before, start: null, stop: null })));
  };
  const assign = (name: string) => {
    const found = assignmentOf(choice, name, frame());
    if ('missing' in found) toast.hint(found.missing);
    // The animal that was chosen has the other name now.
    else repair({ edits: [found.edit] }, () => setChoice({ ...NOTHING_CHOSEN, first: name }));
  };
  const confirm = () => {
    // While a repair is made, nobody has seen yet what it leaves.
    if (isBusy()) return;
    if (!issue) return toast.hint(OPEN_FIRST);
    const { tracks: who, start, stop } = issue;
    repair({ edits: [{ kind: 'confirm', tracks: who, start, stop }] }, (next) => {
      const following = next.suspicions[Math.min(place, next.suspicions.length - 1)];
      setOpen({ place, issue: following ?? null });
      setChoice(following ? choiceOf(following, next.names) : NOTHING_CHOSEN);
      if (!following) return;
      lookAt(session, following);
      closeness.look(following);
    });
  };
  const loop = () => {
    if (issue) session.toggleLoop(rowsAround(session, issue));
    else toast.hint(OPEN_FIRST);
  };
  const learnFromAll = () => {
    if (tracks.corrected.length === 0) toast.hint('No frame was repaired yet');
    else setDialog('learn');
  };
  const actions: Readonly<Record<Exclude<ProofreadActionId, 'assign'>, () => void>> = {
    // Where the issue that was open is gone, another one has taken its place, and that is the next.
    'next-issue': () => show(Math.min(issue ? place + 1 : Math.max(open.place, 0), issues.length - 1)),
    'previous-issue': () => show(Math.max((issue ? place : open.place) - 1, 0)),
    confirm,
    loop,
    swap: () => perform('swap'),
    split: () => perform('split'),
    join: () => perform('join'),
    interpolate: () => perform('interpolate'),
    delete: () => perform('delete'),
    undo,
    redo,
    'range-start': () => setChoice({ ...choice, start: frame() }),
    'range-stop': () => setChoice({ ...choice, stop: frame() }),
    clear: () => setChoice(NOTHING_CHOSEN),
    next: () => session.step(1),
    previous: () => session.step(-1),
    'next-10': () => session.step(10),
    'previous-10': () => session.step(-10),
    'go-to': () => setDialog('go-to'),
    play: () => session.togglePlay(),
    'zoom-in': () => session.zoomAtRow(1 / ZOOM_STEP),
    'zoom-out': () => session.zoomAtRow(ZOOM_STEP),
    'show-all': () => session.showAll(),
    closer: closeness.toggle,
    traces: traces.toggle,
    label: () => detail.video !== null && learn([frame()]),
    'label-all': () => detail.video !== null && learnFromAll(),
    help: () => setDialog('help'),
  };
  const { keymap, setKeymap } = useProofreadKeys(dialog !== null, {
    act: (id) => id !== 'assign' && actions[id](),
    chooseNumber: (number, isSecond) => {
      const name = names[number - 1];
      const isChosen = name === (isSecond ? choice.second : choice.first);
      if (name !== undefined && !isChosen) setChoice(choose(choice, name, isSecond));
    },
    assignNumber: (number) => {
      const name = names[number - 1];
      if (name !== undefined) assign(name);
    },
  });
  return (
    <>
      <header className="results-toolbar">
        <select
          aria-label="Which tracks"
          className="input input--sm results-toolbar__choice"
          onChange={(event) => navigate(`?${new URLSearchParams({ result: event.target.value })}`)}
          value={chosen ?? ''}
        >
          {results.map((item) => (
            <option key={item.id} value={item.id}>
              {item.name}
            </option>
          ))}
        </select>
        <Transport closeness={closeness} onDialog={setDialog} session={session} traces={traces} />
      </header>
      <div className="results-body proofread-body">
        <div className="proofread-main">
          <View {...{ colours, choice, names, project, session }} focus={closeness.focus} />
          {traces.isOn && <TracePanel {...{ choice, colours, names, session }} onClose={traces.toggle} />}
          <LaneView
            choice={choice}
            colours={colours}
            issue={issue}
            issues={issues}
            names={names}
            onChoose={setChoice}
            revision={tracks.revision}
            session={session}
          />
        </div>
        <aside className="results-side proofread-side">
          {!tracks.is_tracked && names.length > 1 && <TrackFirst project={project} result={detail} />}
          <IssueQueue
            colourOf={(name) => colours[names.indexOf(name)] ?? 'currentColor'}
            issues={issues}
            nIssues={tracks.n_suspicions}
            onOpen={show}
            place={place}
          />
          <RepairPanel
            canLearn={detail.video !== null}
            choice={choice}
            keymap={keymap}
            onAct={(id) => id !== 'assign' && actions[id]()}
            tracks={tracks}
          />
        </aside>
      </div>
      {dialog === 'help' && (
        <KeySheet keymap={keymap} onChange={setKeymap} onClose={() => setDialog(null)} pointer={POINTER_HINTS} />
      )}
      {dialog === 'learn' && (
        <LearnDialog
          frames={tracks.corrected}
          onClose={() => setDialog(null)}
          onConfirm={() => {
            learn(tracks.corrected);
            setDialog(null);
          }}
        />
      )}
      {dialog === 'go-to' && (
        <GoToDialog
          current={frame()}
          nFrames={detail.last_frame + 1}
          onClose={() => setDialog(null)}
          onGo={(wanted) => session.goToFrame(wanted)}
        />
      )}
    </>
  );
}

/** A track keeps its colour while others come and go. */
function useColours(names: readonly string[]): readonly string[] {
  const [order, setOrder] = useState<readonly string[]>(names);
  const missing = names.filter((name) => !order.includes(name));
  const known = missing.length > 0 ? [...order, ...missing] : order;
  useEffect(() => {
    if (known !== order) setOrder(known);
  }, [known, order]);
  return useMemo(() => {
    const palette = coloursFor(known.length);
    return names.map((name) => palette[known.indexOf(name)] ?? '#ffffff');
  }, [names, known]);
}

interface ViewProps {
  readonly project: string;
  readonly session: ResultSession;
  readonly names: readonly string[];
  readonly colours: readonly string[];
  readonly choice: Choice;
  readonly focus: Closeness['focus'];
}

function View({ project, session, names, colours, choice, focus }: ViewProps) {
  const { detail } = session.data;
  const { data: videos } = api.useQuery('get', '/api/projects/{project}/videos', { params: { path: { project } } });
  const problem = useStore(session, (state) => state.problem);
  const edges = useMemo(
    () => detail.edges.map(([a, b]) => [detail.keypoints.indexOf(a), detail.keypoints.indexOf(b)] as const),
    [detail],
  );
  const own = videos?.find(({ key }) => key === detail.video);
  const [width, height] = [own?.width ?? null, own?.height ?? null];
  const video = useMemo(() => (width && height ? { width, height } : null), [width, height]);
  const draw = useMemo(
    () => trackDrawing(names, new Set([choice.first, choice.second].filter((name) => name !== null))),
    [names, choice.first, choice.second],
  );
  return (
    <div className="results-view">
      <Stage individualColours={colours} {...{ colours, draw, edges, focus, session, video }} />
      {problem !== null && (
        <div className="results-problem">
          <Callout kind="warn" title={explain(problem).message}>
            {explain(problem).hint}
          </Callout>
        </div>
      )}
    </div>
  );
}

function NoTracks({ project }: { project: string }) {
  return (
    <div className="workspace-message">
      <h1 className="visually-hidden">Proofread</h1>
      <EmptyState
        actions={
          <ButtonLink kind="primary" to={pageUrl(project, 'analyse')}>
            Analyse videos
          </ButtonLink>
        }
        icon={Footprints}
        title="No videos of several animals yet"
      >
        Here you see who is who in videos of several animals, and repair it where it is wrong. Analyse a video with a
        network that finds several animals first.
      </EmptyState>
    </div>
  );
}

function Failure({ error }: { error: unknown }) {
  const { message, hint } = explain(error);
  return (
    <div className="workspace-message">
      <Callout kind="bad" title={message}>
        {hint}
      </Callout>
    </div>
  );
}
