import { Grid3x3, Import } from 'lucide-react';
import { useMemo, useState } from 'react';
import { client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { hasEnded, useJobs } from '../../app/jobs';
import { Button } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { SelectField } from '../../components/Field';
import { JobCard } from '../../components/JobCard';
import { Loaded } from '../../components/Problem';
import { type Column, Table } from '../../components/Table';
import { Space } from '../views/Space';
import { CalibrateDialog } from './CalibrateDialog';
import { Coverage } from './Coverage';
import { ImportCalibrationDialog } from './ImportCalibrationDialog';
import { toCamera, useCalibration } from './useRig';

type Detail = Schemas['CalibrationDetail'];
type CameraRow = Schemas['CalibratedCamera'];

/** Where the cameras stood and how well that is known. */
export function CalibrationCard({ project, cameras }: { project: string; cameras: Schemas['CamerasState'] }) {
  const [dialog, setDialog] = useState<'import' | 'calibrate' | null>(null);
  const use = useAction((calibration: string) =>
    dataOf(client.PATCH('/api/projects/{project}/cameras', { params: { path: { project } }, body: { calibration } })),
  );
  const jobs = useJobs(project).filter((job) => job.kind === 'calibrate');
  const latest = jobs[0] && (!hasEnded(jobs[0]) || jobs[0].status !== 'done') ? jobs[0] : null;
  const actions = (
    <>
      <Button icon={Import} onClick={() => setDialog('import')} size="sm">
        Import
      </Button>
      <Button icon={Grid3x3} kind="primary" onClick={() => setDialog('calibrate')} size="sm">
        Calibrate
      </Button>
    </>
  );
  return (
    <Card
      actions={actions}
      text="Films or pictures of a printed board tell where each camera stood and how its lens bends."
      title="Calibration"
    >
      <div className="stack">
        {latest && <JobCard job={latest} />}
        {cameras.calibrations.length === 0 ? (
          <EmptyState icon={Grid3x3} title="No calibration yet">
            Import the file that another tool made, or calibrate from films of a chessboard or ChArUco board.
          </EmptyState>
        ) : (
          <SelectField
            className="cameras-choice"
            label="In use"
            onChange={(name) => use.run(name)}
            options={[
              { value: '', label: 'None' },
              ...cameras.calibrations.map((name) => ({ value: name, label: name })),
            ]}
            value={cameras.calibration}
          />
        )}
        {cameras.calibration !== '' && <Quality name={cameras.calibration} project={project} />}
      </div>
      {dialog === 'import' && <ImportCalibrationDialog onClose={() => setDialog(null)} project={project} />}
      {dialog === 'calibrate' && <CalibrateDialog onClose={() => setDialog(null)} project={project} />}
    </Card>
  );
}

function Quality({ project, name }: { project: string; name: string }) {
  return <Loaded query={useCalibration(project, name)}>{(detail) => <Figures detail={detail} />}</Loaded>;
}

function Figures({ detail }: { detail: Detail }) {
  const cameras = useMemo(() => detail.cameras.map(toCamera), [detail.cameras]);
  return (
    <div className="stack">
      {detail.warnings.length > 0 ? (
        <Callout kind="warn" title="Look at this before you trust the calibration">
          <ul className="cameras-warnings">
            {detail.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Callout>
      ) : (
        <Callout kind="good" title="Nothing looks wrong with this calibration">
          {summaryOf(detail)}
        </Callout>
      )}
      <div className="cameras-quality">
        <Table columns={COLUMNS} label="Cameras" rowKey={(camera) => camera.name} rows={detail.cameras} />
        {detail.is_placed && (
          <div className="cameras-space">
            <Space cameras={cameras} label="Where the cameras are" />
          </div>
        )}
      </div>
    </div>
  );
}

function summaryOf({ rms_px, held_out_rms_px, board }: Detail): string {
  const parts = [];
  if (rms_px !== null) parts.push(`It explains the corners of the board to ${rms_px.toFixed(2)} px.`);
  if (held_out_rms_px !== null) parts.push(`Views that it did not see: ${held_out_rms_px.toFixed(2)} px.`);
  if (board) parts.push(`Board: ${board}.`);
  return parts.join(' ');
}

const COLUMNS: readonly Column<CameraRow>[] = [
  { key: 'name', title: 'Camera', cell: (camera) => <span className="strong">{camera.name}</span> },
  {
    key: 'size',
    title: 'Image',
    cell: ({ size, fisheye }) => `${size[0]} × ${size[1]}${fisheye ? ', fisheye' : ''}`,
  },
  { key: 'error', title: 'Error (px)', isNumber: true, cell: ({ rms_px }) => rms_px?.toFixed(2) ?? '–' },
  { key: 'views', title: 'Board views', isNumber: true, cell: ({ n_views }) => n_views ?? '–' },
  { key: 'worst', title: 'Worst view', cell: (camera) => worstOf(camera) },
  { key: 'covered', title: 'Board seen at', cell: (camera) => <Coverage camera={camera} /> },
];

function worstOf({ views = [] }: CameraRow): string {
  const [worst] = [...views].sort((a, b) => (b.rms_px ?? 0) - (a.rms_px ?? 0));
  return worst?.rms_px ? `${worst.name}: ${worst.rms_px.toFixed(2)} px` : '–';
}
