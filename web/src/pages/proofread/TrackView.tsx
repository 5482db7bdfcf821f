/** The frame with the tracks over it. */

import { useMemo } from 'react';
import { api } from '../../api/client';
import { explain } from '../../api/errors';
import { useStore } from '../../app/useStore';
import { Callout } from '../../components/Callout';
import type { ResultSession } from '../results/resultSession';
import { Stage } from '../results/Stage';
import { trackDrawing } from './drawTracks';
import type { Choice } from './repairs';
import type { Closeness } from './useCloseness';

interface Props {
  readonly project: string;
  readonly session: ResultSession;
  readonly names: readonly string[];
  readonly colours: readonly string[];
  readonly choice: Choice;
  readonly focus: Closeness['focus'];
}

export function TrackView({ project, session, names, colours, choice, focus }: Props) {
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
