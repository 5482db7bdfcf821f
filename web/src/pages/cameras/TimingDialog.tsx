import { useState } from 'react';
import { client } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { NumberField } from '../../components/Field';
import { Problem } from '../../components/Problem';
import { type RecordingSession, titleOfSession } from './useRig';

interface Props {
  project: string;
  session: RecordingSession;
  onClose: () => void;
}

/** By how many frames each camera began early. */
export function TimingDialog({ project, session, onClose }: Props) {
  const [offsets, setOffsets] = useState<Record<string, number>>(session.offsets);
  const save = useAction(
    () =>
      dataOf(
        client.PUT('/api/projects/{project}/cameras/timing', {
          params: { path: { project }, query: { session: session.name } },
          body: { offsets },
        }),
      ),
    { onDone: onClose, isQuiet: true },
  );
  return (
    <Dialog
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button isBusy={save.isBusy} kind="primary" onClick={() => save.run()}>
            Save
          </Button>
        </>
      }
      onClose={onClose}
      text="A camera that was switched on 12 frames before the others has 12; one that came later has a number below zero."
      title={`Timing of ${titleOfSession(session)}`}
    >
      <div className="stack">
        {Object.keys(session.videos).map((camera) => (
          <NumberField
            key={camera}
            label={`${camera} began early by`}
            onChange={(value) => setOffsets({ ...offsets, [camera]: Math.round(value ?? 0) })}
            step={1}
            unit="frames"
            value={offsets[camera] ?? 0}
          />
        ))}
        {save.error ? <Problem error={save.error} title="The timing was not saved." /> : null}
      </div>
    </Dialog>
  );
}
