import { Box } from 'lucide-react';
import { api, client } from '../../api/client';
import { sentence } from '../../api/errors';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { plural, when } from '../../components/format';
import { Loaded } from '../../components/Problem';
import { useToast } from '../../components/Toast';
import { Curves } from './Curves';

interface RunDialogProps {
  project: string;
  run: string;
  onClose: () => void;
}

/** One network: how its training went, and everything that made it. */
export function RunDialog({ project, run, onClose }: RunDialogProps) {
  const path = { project, run };
  const detail = api.useQuery('get', '/api/projects/{project}/runs/{run}', { params: { path } });
  const toast = useToast();
  const write = useAction(
    () =>
      dataOf(client.POST('/api/projects/{project}/runs/{run}/export', { params: { path }, body: { overwrite: true } })),
    { onDone: () => toast.say('The network is being written into the project’s folder “exports”; see Jobs.') },
  );
  return (
    <Dialog
      actions={
        <>
          <Button icon={Box} isBusy={write.isBusy} onClick={() => write.run()}>
            Export as ONNX
          </Button>
          <span className="grow" />
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </>
      }
      isWide
      onClose={onClose}
      title={run}
    >
      <Loaded query={detail}>
        {(data) => (
          <div className="stack">
            <dl className="facts small">
              <dt>Made</dt>
              <dd>{when(data.created)}</dd>
              <dt>Frames</dt>
              <dd>
                {plural(data.n_train, 'frame')} to learn from, {data.n_validation} to choose by, {data.n_test} to test
                on
              </dd>
              <dt>Sees</dt>
              <dd>{sentence(data.view)}</dd>
              <dt>Points</dt>
              <dd>{data.keypoints.join(', ')}</dd>
            </dl>
            <Curves project={project} run={run} />
            <details className="advanced">
              <summary>All settings</summary>
              <pre className="log">{JSON.stringify(data.config, null, 2)}</pre>
            </details>
            <details className="advanced">
              <summary>Where it comes from</summary>
              <pre className="log">{JSON.stringify(data.provenance, null, 2)}</pre>
            </details>
          </div>
        )}
      </Loaded>
    </Dialog>
  );
}
