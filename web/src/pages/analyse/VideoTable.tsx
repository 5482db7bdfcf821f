import { RotateCcw, Square } from 'lucide-react';
import { client, type Schemas } from '../../api/client';
import { sentence } from '../../api/errors';
import type { Job } from '../../api/jobStream';
import { useAction } from '../../api/useAction';
import { useJob } from '../../app/jobs';
import { pageUrl } from '../../app/pages';
import { ButtonLink, IconButton } from '../../components/Button';
import { Card } from '../../components/Card';
import { duration } from '../../components/format';
import { JobBadge } from '../../components/JobCard';
import { Progress } from '../../components/Progress';
import { type Column, Table } from '../../components/Table';

type TableData = Schemas['AnalysisTable'];
type Cell = Schemas['AnalysisCell'];

interface VideoTableProps {
  project: string;
  table: TableData;
  chosen: readonly string[];
  onChoose: (videos: readonly string[]) => void;
}

/** Videos × networks: what was analysed with what, and what is under way. */
export function VideoTable({ project, table, chosen, onChoose }: VideoTableProps) {
  const isAll = chosen.length === table.videos.length;
  const tick = (video: string, isTicked: boolean) =>
    onChoose(isTicked ? [...chosen, video] : chosen.filter((other) => other !== video));
  const columns: Column<string>[] = [
    {
      key: 'tick',
      width: '44px',
      title: (
        <input
          aria-label="Choose all videos"
          checked={isAll}
          onChange={(event) => onChoose(event.target.checked ? table.videos : [])}
          type="checkbox"
        />
      ),
      cell: (video) => (
        <input
          aria-label={`Choose ${video}`}
          checked={chosen.includes(video)}
          onChange={(event) => tick(video, event.target.checked)}
          type="checkbox"
        />
      ),
    },
    { key: 'video', title: 'Video', cell: (video) => <span className="strong break-words">{video}</span> },
    ...table.runs.map((run) => ({
      key: `run-${run}`,
      title: run,
      cell: (video: string) => (
        <CellView cell={table.cells.find((cell) => cell.video === video && cell.run === run)} project={project} />
      ),
    })),
  ];
  return (
    <Card isFlush text="Tick the videos to be analysed." title="Videos and networks">
      <Table
        columns={columns}
        isSelected={(video) => chosen.includes(video)}
        label="Videos and networks"
        rowKey={(video) => video}
        rows={table.videos}
      />
    </Card>
  );
}

function CellView({ cell, project }: { cell: Cell | undefined; project: string }) {
  const job = useJob(cell?.job);
  if (!cell || cell.state === 'none') return <span className="faint">–</span>;
  const status = job?.status ?? cell.state;
  return (
    <span className="cell" title={cell.message}>
      {status === 'done' && cell.result ? (
        <ButtonLink size="sm" to={pageUrl(project, 'results', { result: cell.result })}>
          Open
        </ButtonLink>
      ) : (
        <JobBadge status={status} />
      )}
      {job && <Under job={job} />}
      {status === 'failed' && <span className="soft small">{sentence(job?.error?.message ?? cell.message)}</span>}
    </span>
  );
}

/** What goes on in a cell: how far, and how to stop it or try again. */
function Under({ job }: { job: Job }) {
  const path = { job: job.id };
  const cancel = useAction(() => client.POST('/api/jobs/{job}/cancel', { params: { path } }));
  const retry = useAction(() => client.POST('/api/jobs/{job}/retry', { params: { path } }));
  const isActive = job.status === 'running' || job.status === 'queued';
  return (
    <>
      {job.status === 'running' && (
        <span className="cell__progress">
          <Progress done={job.progress?.done ?? 0} label={job.title} total={job.progress?.total ?? null} />
        </span>
      )}
      {job.status === 'running' && job.progress?.seconds_left ? (
        <span className="soft small number">{duration(job.progress.seconds_left)}</span>
      ) : null}
      {isActive && job.can_cancel && (
        <IconButton icon={Square} label={`Cancel ${job.title}`} onClick={() => cancel.run()} size="sm" />
      )}
      {!isActive && job.status !== 'done' && job.can_retry && (
        <IconButton icon={RotateCcw} label={`Try ${job.title} again`} onClick={() => retry.run()} size="sm" />
      )}
    </>
  );
}
