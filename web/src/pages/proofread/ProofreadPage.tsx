/** Tracks of several animals looked through and repaired, the most worthwhile moments first. */

import { Footprints } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { api, type Schemas } from '../../api/client';
import { explain, isUnreachable } from '../../api/errors';
import { navigate, useHashSearch } from '../../app/hashLocation';
import { type PageProps, pageUrl } from '../../app/pages';
import { ButtonLink } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { EmptyState } from '../../components/EmptyState';
import { GoToDialog } from '../../components/GoToDialog';
import { KeySheet } from '../../components/KeySheet';
import { Loading } from '../../components/Progress';
import { useToast } from '../../components/Toast';
import type { ResultSession } from '../results/resultSession';
import { frameFrom } from '../results/usePlaceInAddress';
import { useResultSession } from '../results/useResultSession';
import '../../components/Workspace.css';
import '../results/results.css';
import './proofread.css';
import { isSeenAsItIs } from './changes';
import { IssueQueue } from './IssueQueue';
import { lookAt, rowsAround } from './issueRows';
import { POINTER_HINTS, type ProofreadActionId } from './keys';
import { LaneView } from './LaneView';
import { LearnDialog } from './LearnDialog';
import { offered, usualOf } from './offered';
import { RepairPanel } from './RepairPanel';
import { choiceAs, useRenames } from './renames';
import {
  assignmentOf,
  CHOOSE_FIRST,
  type Choice,
  choiceOf,
  choose,
  isWithin,
  NOTHING_CHOSEN,
  type RepairKind,
  repairOf,
  stillThere,
  withoutRangeOf,
} from './repairs';
import { TracePanel } from './TracePanel';
import { TrackFirst } from './TrackFirst';
import { TrackView } from './TrackView';
import { Transport } from './Transport';
import { useCloseness } from './useCloseness';
import { useColours } from './useColours';
import { useOpenIssue } from './useOpenIssue';
import { type Made, useRepairs, useTracks } from './useProofreading';
import { useProofreadKeys } from './useProofreadKeys';
import { useRenaming } from './useRenaming';
import { useSwitch } from './useSwitch';

const ZOOM_STEP = 1.5;
const STILL_AT_WORK = 'The last repair is still being made: look first at what it leaves.';
const OPEN_FIRST = 'Open an issue first: click it, or press the key for the next one.';

export default function ProofreadPage({ project }: PageProps) {
  const query = new URLSearchParams(useHashSearch());
  const path = { params: { path: { project } } };
  const { data: all, error } = api.useQuery('get', '/api/projects/{project}/results', path);
  const asked = query.get('result');
  const results = useMemo(() => all && offered(all, asked), [all, asked]);
  const chosen = asked ?? (results && usualOf(results)?.id) ?? null;
  const opened = useResultSession(project, chosen, frameFrom(query), false);
  const tracks = useTracks(project, chosen);
  useEffect(() => {
    document.title = 'Proofread · Marey';
  }, []);
  // What is shown stays while no answer comes; a refusal says that it is not there any more.
  const lost = [all ? null : error, opened.error, tracks.data && isUnreachable(tracks.error) ? null : tracks.error];
  const problem = lost.find(Boolean);
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
  const [dialog, setDialog] = useState<'go-to' | 'help' | 'learn' | null>(null);
  const { repair, undo, redo, pending, learn } = useRepairs(project, session, tracks);
  const { names, suspicions: issues } = tracks;
  const choice = useMemo(() => stillThere(chosenOnce, names), [chosenOnce, names]);
  const latestChoice = useRef(chosenOnce);
  latestChoice.current = chosenOnce;
  const colours = useColours(names);
  const closeness = useCloseness(session, names, choice);
  const traces = useSwitch('proofread.traces');
  const { detail } = session.data;
  const queue = useOpenIssue(tracks, (opened, present) => {
    setChoice(opened ? choiceOf(opened, present) : NOTHING_CHOSEN);
    if (!opened) return;
    lookAt(session, opened);
    closeness.look(opened);
  });
  const { issue } = queue;
  const renaming = useRenaming(repair);
  useRenames(names, (nameOf) => {
    setChoice(choiceAs(chosenOnce, nameOf));
    queue.follow(nameOf);
    renaming.end();
  });

  const frame = () => session.data.frameOf(session.state.row);
  /** What follows a repair once it is made; not for a person who chose something else or went elsewhere meanwhile. */
  const unlessGoneOn = (then: (made: Made) => void) => {
    const { row } = session.state;
    return (made: Made) => {
      const isThere = session.state.row === row || session.state.isPlaying;
      if (isThere && latestChoice.current === chosenOnce) then(made);
    };
  };
  const perform = (kind: RepairKind) => {
    const found = repairOf(kind, choice, frame(), names, issue);
    if ('missing' in found) toast.hint(found.missing);
    else repair({ edits: [found.edit] }, () => setChoice((present) => withoutRangeOf(choice, present)));
  };
  const assign = (name: string) => {
    const found = assignmentOf(choice, name, frame());
    if ('missing' in found) toast.hint(found.missing);
    // The animal that was chosen has the other name now.
    else
      repair({ edits: [found.edit] }, () =>
        setChoice((present) => (present === chosenOnce ? { ...NOTHING_CHOSEN, first: name } : present)),
      );
  };
  const confirm = () => {
    if (!issue) return toast.hint(OPEN_FIRST);
    if (!isSeenAsItIs(issue, pending())) return toast.hint(STILL_AT_WORK);
    const { tracks: who, start, stop } = issue;
    const edit = { kind: 'confirm', tracks: who, start, stop } as const;
    repair(
      { edits: [edit] },
      unlessGoneOn((made) => queue.afterConfirming(issue, made)),
    );
  };
  /** Show what was taken back or done again: the issue that came of it, or else where it was. */
  const showChanged = (made: Made, entry: Schemas['TrackEntry'] | undefined) => {
    if (!entry || pending().length > 0 || queue.reopen(made, entry.edit)) return;
    const { start = null, stop = null } = entry.edit;
    if (!isWithin(frame(), { start, stop })) session.goToFrame(start ?? stop ?? 0);
  };
  const loop = () => {
    if (issue) session.toggleLoop(rowsAround(session, issue));
    else toast.hint(OPEN_FIRST);
  };
  const rename = (name: string | null) => {
    if (name === null) return toast.hint(CHOOSE_FIRST);
    if (choice.first !== name) setChoice(choose(choice, name, false));
    renaming.begin(name);
  };
  const learnFromAll = () => {
    if (tracks.corrected.length === 0) toast.hint('No frame was repaired yet');
    else setDialog('learn');
  };
  const actions: Readonly<Record<Exclude<ProofreadActionId, 'assign'>, () => void>> = {
    'next-issue': queue.next,
    'previous-issue': queue.previous,
    confirm,
    loop,
    swap: () => perform('swap'),
    split: () => perform('split'),
    join: () => perform('join'),
    interpolate: () => perform('interpolate'),
    delete: () => perform('delete'),
    rename: () => rename(choice.first),
    undo: () => undo(unlessGoneOn((made) => showChanged(made, made.next.undone[0]))),
    redo: () => redo(unlessGoneOn((made) => showChanged(made, made.next.done.at(-1)))),
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
          <TrackView {...{ colours, choice, names, project, session }} focus={closeness.focus} />
          {traces.isOn && <TracePanel {...{ choice, colours, names, session }} onClose={traces.toggle} />}
          <LaneView
            choice={choice}
            colours={colours}
            issue={issue}
            issues={issues}
            names={names}
            onChoose={setChoice}
            renaming={{ ...renaming, begin: rename }}
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
            onOpen={queue.openAt}
            place={queue.place}
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
