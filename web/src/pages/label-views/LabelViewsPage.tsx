import { Box, Check, ChevronLeft, ChevronRight, Keyboard, Wand2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { type PageProps, pageUrl } from '../../app/pages';
import { useStore } from '../../app/useStore';
import { Button, ButtonLink, IconButton } from '../../components/Button';
import { classes } from '../../components/classes';
import { KeySheet } from '../../components/KeySheet';
import { Problem } from '../../components/Problem';
import { Loading } from '../../components/Progress';
import { isUnconfirmed } from '../../engine/labels';
import { instanceAt, statedPosition } from '../../engine/multiview';
import { MarkerIcon } from '../label/MarkerIcon';
import '../label/label.css';
import { loadSettings } from '../label/settings';
import { type Chosen, SessionChoice, SessionGate } from '../views/SessionGate';
import { usePageKeys } from '../views/useKeys';
import { LABEL_VIEWS_ACTIONS, LABEL_VIEWS_HINTS, type LabelViewsActionId } from './keys';
import { LabelView } from './LabelView';
import './LabelViewsPage.css';
import { useDesk } from './useDesk';
import type { ViewsDesk } from './viewsDesk';

const TITLE = 'Label views';

export default function LabelViewsPage({ project }: PageProps) {
  return (
    <SessionGate project={project} title={TITLE}>
      {(chosen) => <Labelled chosen={chosen} key={chosen.session.name} project={project} />}
    </SessionGate>
  );
}

function Labelled({ chosen, project }: { chosen: Chosen; project: string }) {
  const { opened, error } = useDesk(project, chosen);
  const [settings] = useState(loadSettings);
  if (error) return <Problem error={error} />;
  if (!opened) return <Loading label="Opening the videos" />;
  const { desk, colours } = opened;
  return (
    <div className="views-page">
      <h1 className="visually-hidden">{TITLE}</h1>
      <header className="views-toolbar">
        <SessionChoice session={chosen.session} sessions={chosen.sessions} />
        <Tools chosen={chosen} desk={desk} project={project} />
      </header>
      <div className="views-body">
        <div className="views-grid" data-count={desk.views.length}>
          {desk.views.map((view) => (
            <LabelView colours={colours} desk={desk} key={view.camera.name} settings={settings} view={view} />
          ))}
        </div>
        <aside className="views-side">
          <Parts colours={colours} desk={desk} />
          <Saved desk={desk} />
        </aside>
      </div>
      <Notice desk={desk} />
    </div>
  );
}

function Tools({ desk, chosen, project }: { desk: ViewsDesk; chosen: Chosen; project: string }) {
  const frame = useStore(desk, (state) => state.frame);
  const [isHelp, setIsHelp] = useState(false);
  const { keymap, setKeymap } = usePageKeys<LabelViewsActionId>('label-views.keys', LABEL_VIEWS_ACTIONS, isHelp, (id) =>
    perform(id, desk, () => setIsHelp(true)),
  );
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => {
      if (desk.hasUnsaved) event.preventDefault();
    };
    window.addEventListener('beforeunload', leave);
    return () => window.removeEventListener('beforeunload', leave);
  }, [desk]);
  return (
    <>
      <div className="views-toolbar__group">
        <IconButton icon={ChevronLeft} label="Previous chosen frame" onClick={() => desk.step(-1)} size="sm" />
        <IconButton icon={ChevronRight} label="Next chosen frame" onClick={() => desk.step(1)} size="sm" />
      </div>
      <input
        aria-label="Frame of the recording"
        className="views-cursor"
        max={Math.max(desk.nFrames - 1, 0)}
        min={0}
        onChange={(event) => void desk.go(event.target.valueAsNumber)}
        type="range"
        value={Math.max(frame, 0)}
      />
      <span className="number small views-place" data-testid="frame-number">
        frame {frame} <span className="faint">/ {desk.nFrames - 1}</span>
      </span>
      <Button icon={Wand2} kind="primary" onClick={() => desk.fillOthers()} size="sm">
        Fill the other views
      </Button>
      <Button icon={Check} onClick={() => desk.acceptAll()} size="sm">
        Accept
      </Button>
      <div className="views-toolbar__group">
        <ButtonLink
          aria-label="Watch in 3D"
          icon={Box}
          kind="quiet"
          size="sm"
          to={pageUrl(project, 'views', { session: chosen.session.name, frame })}
        />
        <IconButton icon={Keyboard} label="Show all keys" onClick={() => setIsHelp(true)} size="sm" />
      </div>
      {isHelp && (
        <KeySheet keymap={keymap} onChange={setKeymap} onClose={() => setIsHelp(false)} pointer={LABEL_VIEWS_HINTS} />
      )}
    </>
  );
}

function perform(id: LabelViewsActionId, desk: ViewsDesk, openHelp: () => void): void {
  const session = desk.active?.session;
  const acts: Readonly<Record<LabelViewsActionId, () => unknown>> = {
    place: () => session?.editor.placeAtPointer(),
    absent: () => session?.editor.markAbsent(),
    occlude: () => session?.editor.toggleOccluded(),
    clear: () => session?.editor.clearPoint(),
    'previous-part': () => desk.stepPart(-1),
    'next-part': () => desk.stepPart(1),
    fill: () => desk.fillOthers(),
    accept: () => desk.acceptAll(),
    undo: () => session?.undo(),
    redo: () => session?.redo(),
    next: () => desk.step(1),
    previous: () => desk.step(-1),
    'next-frame': () => desk.stepFrame(1),
    'previous-frame': () => desk.stepFrame(-1),
    'next-view': () => {
      const at = desk.views.findIndex(({ camera }) => camera.name === desk.state.active);
      const next = desk.views[(at + 1) % desk.views.length];
      if (next) desk.activate(next.camera.name);
    },
    help: openHelp,
  };
  acts[id]();
}

/** Every part: in how many views it stands, what is only proposed, and how far the views disagree. */
function Parts({ desk, colours }: { desk: ViewsDesk; colours: readonly string[] }) {
  useStore(desk, (state) => state.changes);
  const { place, solved } = desk.state;
  const animals = desk.shown().map(({ session }) => instanceAt(session.editor.state.labels, place, desk.individuals));
  const active = desk.active && desk.partOf(desk.active);
  const nAnimals = Math.max(desk.individuals.length, 1);
  return (
    <section aria-label="Parts" className="stack">
      {nAnimals > 1 && (
        <select
          aria-label="Animal"
          className="input input--sm"
          onChange={(event) => desk.chooseAnimal(Number(event.target.value))}
          value={place}
        >
          {desk.individuals.map((name, i) => (
            <option key={name} value={i}>
              {name}
            </option>
          ))}
        </select>
      )}
      <h2>Parts</h2>
      <ol className="label-views-parts">
        {desk.keypoints.map((name, k) => {
          const points = animals.map((animal) => animal?.points[k]);
          const n = points.filter((point) => statedPosition(point)).length;
          const nProposed = points.filter((point) => point && isUnconfirmed(point)).length;
          const errors = [...(solved[k]?.errors.values() ?? [])];
          return (
            <li key={name}>
              <button
                aria-current={k === active ? 'step' : undefined}
                className={classes('part', k === active && 'part--active')}
                onClick={() => desk.choosePart(k)}
                type="button"
              >
                <MarkerIcon colour={colours[k] ?? ''} keypoint={k} style={n > 1 ? 'confirmed' : 'proposed'} />
                <span className="part__name truncate">{name}</span>
                <span className="part__state number">
                  {nProposed > 0 ? `${nProposed} proposed` : `${n} of ${animals.length}`}
                  {errors.length > 0 && <span data-testid="error"> · {Math.max(...errors).toFixed(1)} px</span>}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
      <p className="soft small">
        Place a part in one view: its line appears in the others. In two, a cross shows where the views say that it is,
        and the number how far they disagree.
      </p>
    </section>
  );
}

function Saved({ desk }: { desk: ViewsDesk }) {
  const saves = desk.views.map(({ session }) => session);
  return (
    <ul className="label-views-saved small">
      {saves.map((session, i) => (
        <SavedView key={desk.views[i]?.camera.name} name={desk.views[i]?.camera.name ?? ''} session={session} />
      ))}
    </ul>
  );
}

function SavedView({ session, name }: { session: ViewsDesk['views'][number]['session']; name: string }) {
  const [save, companion, problem] = useStore(
    session,
    (state) => [state.save, state.companion, state.problem] as const,
  );
  const words = {
    idle: 'nothing changed yet',
    saving: 'saving …',
    saved: save.kind === 'saved' ? `saved, revision ${save.number}` : '',
    waiting: 'waiting for the server; nothing is lost',
    refused: save.kind === 'refused' ? save.reason : '',
  }[save.kind];
  return (
    <li>
      <span className="strong">{name}</span>{' '}
      <span className={save.kind === 'refused' || problem ? 'label-views-bad' : 'soft'} data-save={save.kind}>
        {problem ? `${problem.title}. ${problem.text}` : words}
        {companion ? `; ${companion} is here too` : ''}
      </span>
    </li>
  );
}

function Notice({ desk }: { desk: ViewsDesk }) {
  const notice = useStore(desk, (state) => state.notice);
  return (
    <p aria-live="polite" className="visually-hidden" role="status">
      {notice}
    </p>
  );
}
