import { Box, Clock, MousePointerClick } from 'lucide-react';
import { useState } from 'react';
import { api, client, type Schemas } from '../../api/client';
import { explain } from '../../api/errors';
import { dataOf, useAction } from '../../api/useAction';
import { pageUrl } from '../../app/pages';
import { Badge } from '../../components/Badge';
import { Button, ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { TextField } from '../../components/Field';
import { count } from '../../components/format';
import { type Column, Table } from '../../components/Table';
import { useSettled } from '../../components/useSettled';
import { TimingDialog } from './TimingDialog';
import { type RecordingSession, titleOfSession } from './useRig';

type State = Schemas['CamerasState'];

const EXAMPLE = '{session}-{camera}.mp4';
const SETTLED_MS = 300;

/** How file names tell which videos belong together, and what follows from it. */
export function SessionsCard({ project, cameras }: { project: string; cameras: State }) {
  const [pattern, setPattern] = useState(cameras.pattern);
  const [timed, setTimed] = useState<RecordingSession | null>(null);
  const settled = useSettled(pattern.trim(), SETTLED_MS);
  const isOther = settled !== cameras.pattern;
  const tried = api.useQuery(
    'get',
    '/api/projects/{project}/cameras',
    { params: { path: { project }, query: { pattern: settled } } },
    { enabled: isOther && settled !== '', retry: false },
  );
  const save = useAction(() =>
    dataOf(
      client.PATCH('/api/projects/{project}/cameras', { params: { path: { project } }, body: { pattern: settled } }),
    ),
  );
  const shown = isOther && settled !== '' ? tried.data : cameras;
  const problem = isOther && tried.error ? explain(tried.error) : null;
  // What a pattern finds is seen before it can be used.
  const isKnown = pattern.trim() === settled && problem === null && shown !== undefined;
  return (
    <Card
      text="Videos of one moment are one session. File names say which: {camera} and {session} stand for what differs."
      title="Sessions"
    >
      <div className="stack">
        <div className="cameras-pattern">
          <TextField
            className="grow"
            error={problem && `${problem.message} ${problem.hint ?? ''}`}
            hint={hintFor(shown, isOther)}
            label="Pattern of the file names"
            onChange={setPattern}
            placeholder={EXAMPLE}
            value={pattern}
          />
          <Button disabled={!isOther || !isKnown} isBusy={save.isBusy} kind="primary" onClick={() => save.run()}>
            Use it
          </Button>
        </div>
        {shown && shown.sessions.length > 0 && (
          <Table
            columns={columnsFor(project, isOther, setTimed)}
            label="Sessions"
            rowKey={({ name }) => name}
            rows={shown.sessions}
          />
        )}
      </div>
      {timed && <TimingDialog onClose={() => setTimed(null)} project={project} session={timed} />}
    </Card>
  );
}

function hintFor(shown: State | undefined, isOther: boolean): string {
  if (!shown || (shown.sessions.length === 0 && !isOther)) {
    return `For files such as day1-top.mp4 and day1-side.mp4: ${EXAMPLE}`;
  }
  const n = shown.sessions.length;
  const rest = shown.unmatched.length;
  const found = `${count(n)} ${n === 1 ? 'session' : 'sessions'}`;
  return rest > 0 ? `${found}; ${count(rest)} ${rest === 1 ? 'video is' : 'videos are'} in none.` : `${found}.`;
}

function columnsFor(
  project: string,
  isOther: boolean,
  onTime: (session: RecordingSession) => void,
): Column<RecordingSession>[] {
  return [
    { key: 'name', title: 'Session', cell: (session) => <span className="strong">{titleOfSession(session)}</span> },
    { key: 'cameras', title: 'Cameras', cell: ({ videos }) => Object.keys(videos).join(', ') },
    { key: 'frames', title: 'Frames', isNumber: true, cell: ({ n_frames }) => count(n_frames) },
    {
      key: 'state',
      title: 'State',
      cell: ({ problems, reconstruction }) =>
        problems.length > 0 ? (
          <ul className="cameras-problems">
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        ) : (
          <Badge tone={reconstruction ? 'good' : 'neutral'}>{reconstruction ? 'seen in 3D' : 'ready'}</Badge>
        ),
    },
    {
      key: 'actions',
      title: <span className="visually-hidden">Actions</span>,
      cell: (session) =>
        isOther ? null : (
          <span className="row row--end">
            <Button icon={Clock} kind="quiet" onClick={() => onTime(session)} size="sm">
              Timing
            </Button>
            <ButtonLink
              icon={MousePointerClick}
              kind="quiet"
              size="sm"
              to={pageUrl(project, 'label-views', { session: session.name })}
            >
              Label
            </ButtonLink>
            <ButtonLink icon={Box} kind="quiet" size="sm" to={pageUrl(project, 'views', { session: session.name })}>
              Watch
            </ButtonLink>
          </span>
        ),
    },
  ];
}
