import { Images } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { explain } from '../../api/errors';
import { useHashSearch } from '../../app/hashLocation';
import { type PageProps, pageUrl } from '../../app/pages';
import { useShownInAddress } from '../../app/useShownInAddress';
import { useStore } from '../../app/useStore';
import { ButtonLink } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { EmptyState } from '../../components/EmptyState';
import { GoToDialog } from '../../components/GoToDialog';
import { KeySheet } from '../../components/KeySheet';
import { Loading } from '../../components/Progress';
import { labelsWithDraft } from '../../engine/editorState';
import { Keymap } from '../../engine/keymap';
import { type PageControls, pressKey } from './actions';
import type { Place } from './backend';
import { Canvas, type Held } from './Canvas';
import { Conflicts } from './Conflicts';
import { FilmStrip } from './FilmStrip';
import { LABEL_ACTIONS, POINTER_HINTS } from './keys';
import '../../components/Workspace.css';
import './label.css';
import { PartsPanel } from './PartsPanel';
import { QueuePanel } from './QueuePanel';
import { StatusBar } from './StatusBar';
import { type LabelSettings, limited, loadSettings, storeSettings } from './settings';
import { Toolbar } from './Toolbar';
import { type Opened, useLabelSession } from './useLabelSession';

export default function LabelPage({ project }: PageProps) {
  const search = useHashSearch();
  const asked = placeFrom(new URLSearchParams(search));
  // Whoever comes to label what was found worth it sees what the network says in each of these frames.
  const [isPrefilling] = useState(() => new URLSearchParams(search).has('prefill'));
  const { opened, error } = useLabelSession(project, asked, isPrefilling);
  useEffect(() => {
    document.title = 'Label · Marey';
  }, []);
  if (error) {
    const { message, hint } = explain(error);
    return (
      <div className="workspace-message">
        <Callout kind="bad" title={message}>
          {hint}
        </Callout>
      </div>
    );
  }
  return opened ? <Workbench opened={opened} project={project} /> : <Loading label="Opening the frames" />;
}

type Dialog = 'go-to' | 'help' | null;

function Workbench({ opened, project }: { opened: Opened; project: string }) {
  const { session, colours, nFrames } = opened;
  const [place, notice, isListed, isOpening, isEmpty] = useStore(session, ({ isLoading, ...state }) => {
    const hasNone = state.isListed && state.items.length === 0;
    const isBlank = state.place === null;
    return [state.place, state.notice, state.isListed, isBlank && isLoading, hasNone && isBlank && !isLoading] as const;
  });
  const hasSeveral = useHasSeveral(opened);
  const { settings, keymap, change, changeKeys } = useSettings(opened);
  const [dialog, setDialog] = useState<Dialog>(null);
  const [held, hold] = useHeld();

  const colourBy = hasSeveral ? settings.colourBy : 'keypoint';

  useShownInAddress(place && { video: place.video, frame: `${place.frame}` }, (query) => {
    const wanted = placeFrom(query);
    if (wanted && !session.isWanted(wanted)) void session.go(wanted);
  });
  useKeys(
    useMemo(
      () => ({
        keymap,
        isOff: dialog !== null,
        controls: {
          settings,
          change,
          hold,
          openGoTo: () => setDialog('go-to'),
          openHelp: () => setDialog('help'),
        },
      }),
      [keymap, dialog, settings, change, hold],
    ),
    opened,
  );

  if (isEmpty) return <NoFrames project={project} />;
  return (
    <div className="label-page">
      <h1 className="visually-hidden">Label</h1>
      <QueuePanel session={session} />
      <div className="label-middle">
        <Toolbar
          hasSeveral={hasSeveral}
          nFrames={place ? nFrames.get(place.video) : undefined}
          onChange={change}
          onGoTo={() => setDialog('go-to')}
          onHelp={() => setDialog('help')}
          project={project}
          session={session}
          settings={settings}
        />
        <div className="label-stage">
          <Canvas colourBy={colourBy} colours={colours} held={held} session={session} settings={settings} />
          <Conflicts session={session} />
          <Problem session={session} />
          {isOpening && <Loading label="Opening the frame" />}
        </div>
        {place && isListed && <FilmStrip nFrames={nFrames.get(place.video) ?? 0} session={session} />}
        <StatusBar keymap={keymap} session={session} />
      </div>
      <PartsPanel colourBy={colourBy} colours={colours} session={session} />
      <p aria-live="polite" className="visually-hidden" role="status">
        {notice}
      </p>
      {dialog === 'help' && (
        <KeySheet keymap={keymap} onChange={changeKeys} onClose={() => setDialog(null)} pointer={POINTER_HINTS} />
      )}
      {dialog === 'go-to' && place && (
        <GoToDialog
          current={place.frame}
          nFrames={nFrames.get(place.video) ?? null}
          onClose={() => setDialog(null)}
          onGo={(frame) => session.goTo(frame)}
        />
      )}
    </div>
  );
}

function NoFrames({ project }: { project: string }) {
  return (
    <div className="workspace-message">
      <h1 className="visually-hidden">Label</h1>
      <EmptyState
        actions={
          <ButtonLink kind="primary" to={pageUrl(project, 'frames')}>
            Choose frames
          </ButtonLink>
        }
        icon={Images}
        title="No frames to label yet"
      >
        Choose some frames of your videos first: twenty of each, as different as possible, are a good start.
      </EmptyState>
    </div>
  );
}

function Problem({ session }: Pick<Opened, 'session'>) {
  const problem = useStore(session, (state) => state.problem);
  if (!problem) return null;
  return (
    <div className="label-conflicts">
      <Callout kind={problem.isRetrying ? 'warn' : 'bad'} title={problem.title}>
        {problem.text}
      </Callout>
    </div>
  );
}

/** Whether there are several animals to tell apart: by name, or together in a frame. */
function useHasSeveral({ session }: Opened): boolean {
  const { editor } = session;
  const isTogether = useStore(session, (state) => state.items.some(({ nAnimals }) => nAnimals > 1));
  const isTogetherHere = useStore(editor, (state) => labelsWithDraft(state).instances.length > 1);
  return editor.individuals.length > 1 || isTogether || isTogetherHere;
}

/** The settings, kept in the browser and told to the session. */
function useSettings({ session }: Opened) {
  const [settings, setSettings] = useState(loadSettings);
  const keymap = useMemo(() => Keymap.restore(LABEL_ACTIONS, settings.keys), [settings.keys]);
  const change = useCallback((part: Partial<LabelSettings>) => {
    setSettings((old) => {
      const next = { ...old, ...part };
      const { brightness, contrast, markerSize } = next;
      return {
        ...next,
        brightness: limited('brightness', brightness),
        contrast: limited('contrast', contrast),
        markerSize: limited('markerSize', markerSize),
      };
    });
  }, []);
  const changeKeys = useCallback((next: Keymap) => change({ keys: next.overrides }), [change]);
  useEffect(() => {
    storeSettings(settings);
    session.editor.viewRule = settings.viewRule;
    session.prefillNew = settings.prefillNew;
  }, [session, settings]);
  return { settings, keymap, change, changeKeys };
}

function useHeld(): [Held, (what: keyof Held, isDown: boolean) => void] {
  const [held, setHeld] = useState<Held>({ loupe: false, hide: false });
  const hold = useCallback((what: keyof Held, isDown: boolean) => {
    setHeld((old) => (old[what] === isDown ? old : { ...old, [what]: isDown }));
  }, []);
  return [held, hold];
}

interface KeySetup {
  readonly keymap: Keymap;
  readonly isOff: boolean;
  readonly controls: PageControls;
}

function useKeys({ keymap, isOff, controls }: KeySetup, { session }: Opened): void {
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (isOff || event.defaultPrevented || isTyping(event)) return;
      if (pressKey(event, keymap, session, controls)) event.preventDefault();
    };
    const up = (event: KeyboardEvent) => {
      for (const what of ['loupe', 'hide'] as const) {
        if (keymap.keysOf(what).some((key) => key.toUpperCase() === event.key.toUpperCase()))
          controls.hold(what, false);
      }
    };
    const letGo = () => {
      controls.hold('loupe', false);
      controls.hold('hide', false);
    };
    const leave = (event: BeforeUnloadEvent) => {
      if (session.hasUnsaved) event.preventDefault();
    };
    window.addEventListener('keydown', down);
    window.addEventListener('keyup', up);
    window.addEventListener('blur', letGo);
    window.addEventListener('beforeunload', leave);
    return () => {
      window.removeEventListener('keydown', down);
      window.removeEventListener('keyup', up);
      window.removeEventListener('blur', letGo);
      window.removeEventListener('beforeunload', leave);
    };
  }, [keymap, isOff, controls, session]);
}

/** Whether the key belongs to a field, or to a button that a person went to by the keyboard. */
function isTyping(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input:not([type=range], [type=checkbox], [type=radio]), textarea, select')) return true;
  const isPressing = event.key === ' ' || event.key === 'Enter';
  return (
    isPressing && target.matches('button:focus-visible, a:focus-visible, input:focus-visible, summary:focus-visible')
  );
}

function placeFrom(query: URLSearchParams): Place | null {
  const [video, frame] = [query.get('video'), Number(query.get('frame') ?? Number.NaN)];
  return video && Number.isInteger(frame) && frame >= 0 ? { video, frame } : null;
}
