import { ChartSpline, Clapperboard, Footprints, Keyboard, Tag } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { api } from '../../api/client';
import { explain } from '../../api/errors';
import { useFrameTimes } from '../../api/frameTimes';
import { navigate, useHashSearch } from '../../app/hashLocation';
import { type PageProps, pageUrl } from '../../app/pages';
import { readStored, writeStored } from '../../app/storage';
import { useStore } from '../../app/useStore';
import { ButtonLink, IconButton } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { ColourChoice } from '../../components/ColourChoice';
import { EmptyState } from '../../components/EmptyState';
import { GoToDialog } from '../../components/GoToDialog';
import { KeySheet } from '../../components/KeySheet';
import { Loading } from '../../components/Progress';
import { StepButtons } from '../../components/StepButtons';
import type { ColourRule } from '../../engine/colouring';
import { coloursForAnimals, coloursOf } from '../../engine/palette';
import { poseDrawing } from './drawPoses';
import { KeypointPanel } from './KeypointPanel';
import { POINTER_HINTS } from './keys';
import '../../components/Workspace.css';
import './results.css';
import type { TimelineLayout } from './drawTimeline';
import type { ResultSession } from './resultSession';
import { SmoothingPanel } from './SmoothingPanel';
import { Stage } from './Stage';
import { StripLegend } from './StripLegend';
import { Timeline } from './Timeline';
import { frameFrom, usePlaceInAddress } from './usePlaceInAddress';
import { useResultKeys } from './useResultKeys';
import { useResultSession } from './useResultSession';

const LAYOUT: TimelineLayout = { axisPx: 48, hasRuler: true, hasStrip: true, colourBy: 'keypoint' };
const COLOURS_NAME = 'results.colours';
const ANIMALS_LAYOUT: TimelineLayout = { ...LAYOUT, colourBy: 'individual' };

export default function ResultsPage({ project }: PageProps) {
  const query = new URLSearchParams(useHashSearch());
  const path = { params: { path: { project } } };
  const { data: results, error } = api.useQuery('get', '/api/projects/{project}/results', path);
  const chosen =
    query.get('result') ?? results?.find((item) => item.video === query.get('video'))?.id ?? results?.[0]?.id ?? null;
  const opened = useResultSession(project, chosen, frameFrom(query));
  useEffect(() => {
    document.title = 'Results · Marey';
  }, []);
  if (error ?? opened.error) return <Failure error={error ?? opened.error} />;
  if (!results) return <Loading label="Looking for results" />;
  if (results.length === 0) return <NoResults project={project} />;
  return (
    <div className="results-page">
      <h1 className="visually-hidden">Results</h1>
      <header className="results-toolbar">
        <select
          aria-label="Which result"
          className="input input--sm results-toolbar__choice"
          onChange={(event) => navigate(`?${new URLSearchParams({ result: event.target.value })}`)}
          value={chosen ?? ''}
        >
          {results.map((item) => (
            <option key={item.id} value={item.id}>
              {item.name}
              {item.is_smoothed ? ' (smoothed)' : ''}
            </option>
          ))}
        </select>
        {opened.session && <Transport project={project} session={opened.session} />}
      </header>
      {opened.session ? <Opened project={project} session={opened.session} /> : <Loading label="Opening the result" />}
    </div>
  );
}

function Opened({ session, project }: { session: ResultSession; project: string }) {
  const { detail } = session.data;
  const { data: info } = api.useQuery('get', '/api/projects/{project}', { params: { path: { project } } });
  const { data: videos } = api.useQuery('get', '/api/projects/{project}/videos', { params: { path: { project } } });
  const skeleton = info?.skeleton;
  const colours = useMemo(() => coloursOf(detail.keypoints, skeleton), [detail, skeleton]);
  const individualColours = useMemo(
    () => (detail.individuals.length > 1 ? coloursForAnimals(detail.individuals.length) : ['#ffffff']),
    [detail],
  );
  const hasSeveral = detail.individuals.length > 1;
  const [chosenRule, setColourBy] = useColourRule();
  const colourBy = hasSeveral ? chosenRule : 'keypoint';
  const draw = useMemo(
    () => poseDrawing(hasSeveral ? detail.individuals : [], colourBy),
    [detail, hasSeveral, colourBy],
  );
  const isByAnimal = colourBy === 'animal';
  const edges = useMemo(
    () => detail.edges.map(([a, b]) => [detail.keypoints.indexOf(a), detail.keypoints.indexOf(b)] as const),
    [detail],
  );
  const [width, height] = [
    videos?.find(({ key }) => key === detail.video)?.width ?? null,
    videos?.find(({ key }) => key === detail.video)?.height ?? null,
  ];
  const video = useMemo(() => (width && height ? { width, height } : null), [width, height]);
  const problem = useStore(session, (state) => state.problem);
  return (
    <div className="results-body">
      <div className="results-main">
        <div className="results-view">
          <Stage
            colours={colours}
            draw={draw}
            edges={edges}
            individualColours={individualColours}
            session={session}
            video={video}
          />
          {problem !== null && (
            <div className="results-problem">
              <Callout kind="warn" title={explain(problem).message}>
                {explain(problem).hint}
              </Callout>
            </div>
          )}
          {detail.video === null && (
            <div className="results-problem">
              <Callout kind="info">
                The video of this result is not in the project, so only its points are shown.
              </Callout>
            </div>
          )}
        </div>
        <StripLegend nIndividuals={detail.individuals.length} />
        <Timeline
          colours={isByAnimal ? individualColours : colours}
          layout={isByAnimal ? ANIMALS_LAYOUT : LAYOUT}
          session={session}
        />
      </div>
      <aside className="results-side">
        <Certainty session={session} />
        {hasSeveral && <ColourChoice onChoose={setColourBy} value={colourBy} />}
        <KeypointPanel colours={isByAnimal ? null : colours} individualColours={individualColours} session={session} />
        <SmoothingPanel session={session} />
      </aside>
    </div>
  );
}

/** What points are coloured by, kept in the browser. */
function useColourRule(): [ColourRule, (rule: ColourRule) => void] {
  const [rule, setRule] = useState<ColourRule>(() => (readStored(COLOURS_NAME) === 'keypoint' ? 'keypoint' : 'animal'));
  const choose = useCallback((next: ColourRule) => {
    setRule(next);
    writeStored(COLOURS_NAME, next);
  }, []);
  return [rule, choose];
}

/** Stepping, playing, and where one is. */
function Transport({ session, project }: { session: ResultSession; project: string }) {
  usePlaceInAddress(session, session.data.detail.individuals.length > 1);
  const [row, isPlaying] = useStore(session, (state) => [state.row, state.isPlaying] as const);
  const [dialog, setDialog] = useState<'go-to' | 'help' | null>(null);
  const { data } = session;
  const { video, id, individuals } = data.detail;
  const timeOf = useFrameTimes(project, video);
  const frame = data.frameOf(row);
  const seconds = timeOf(frame);
  const { keymap, setKeymap } = useResultKeys(session, dialog !== null, {
    openGoTo: () => setDialog('go-to'),
    openHelp: () => setDialog('help'),
    label: () =>
      video !== null && navigate(pageUrl(project, 'label', { video, frame: data.frameOf(session.state.row) })),
  });
  return (
    <>
      <div className="results-toolbar__group">
        <StepButtons isPlaying={isPlaying} session={session} />
        <button className="results-place number" onClick={() => setDialog('go-to')} title="Go to a frame" type="button">
          <span data-testid="frame-number">frame {frame}</span>
          <span className="faint"> / {data.detail.last_frame}</span>
          {seconds === null ? null : <span className="faint"> · {seconds.toFixed(2)} s</span>}
        </button>
      </div>
      <div className="results-toolbar__group results-toolbar__group--end">
        {video !== null && (
          <ButtonLink icon={Tag} kind="quiet" size="sm" to={pageUrl(project, 'label', { video, frame })}>
            Label this frame
          </ButtonLink>
        )}
        {individuals.length > 1 && (
          <ButtonLink
            icon={Footprints}
            kind="quiet"
            size="sm"
            to={pageUrl(project, 'proofread', { result: id, frame })}
          >
            Proofread
          </ButtonLink>
        )}
        <ButtonLink icon={Clapperboard} kind="quiet" size="sm" to={pageUrl(project, 'render', { result: id })}>
          Labelled video
        </ButtonLink>
        <IconButton icon={Keyboard} label="Show all keys" onClick={() => setDialog('help')} size="sm" />
      </div>
      {dialog === 'help' && (
        <KeySheet keymap={keymap} onChange={setKeymap} onClose={() => setDialog(null)} pointer={POINTER_HINTS} />
      )}
      {dialog === 'go-to' && (
        <GoToDialog
          current={frame}
          nFrames={data.detail.last_frame + 1}
          onClose={() => setDialog(null)}
          onGo={(wanted) => session.goToFrame(wanted)}
        />
      )}
    </>
  );
}

function Certainty({ session }: { session: ResultSession }) {
  const minConfidence = useStore(session, (state) => state.minConfidence);
  return (
    <label className="result-field">
      <span>
        Hollow below confidence <span className="faint number">{minConfidence.toFixed(2)}</span>
      </span>
      <input
        max={1}
        min={0}
        onChange={(event) => session.setMinConfidence(event.target.valueAsNumber)}
        step={0.05}
        type="range"
        value={minConfidence}
      />
    </label>
  );
}

function NoResults({ project }: { project: string }) {
  return (
    <div className="workspace-message">
      <h1 className="visually-hidden">Results</h1>
      <EmptyState
        actions={
          <ButtonLink kind="primary" to={pageUrl(project, 'analyse')}>
            Analyse videos
          </ButtonLink>
        }
        icon={ChartSpline}
        title="No results yet"
      >
        Let a trained network look at your videos; what it finds is shown here, frame by frame and over time.
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
