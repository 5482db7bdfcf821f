import { Save, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { api, client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { readLabeller } from '../../app/labeller';
import type { PageProps } from '../../app/pages';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { ConfirmDialog } from '../../components/Dialog';
import { plural } from '../../components/format';
import { Page } from '../../components/Page';
import { Loaded, Problem } from '../../components/Problem';
import { useToast } from '../../components/Toast';
import { changeOf, type Draft, draftOf, nameProblems, removedFrom } from './draft';
import { LinesCard } from './LinesCard';
import { PairsCard } from './PairsCard';
import { PointsCard } from './PointsCard';
import { SkeletonCanvas } from './SkeletonCanvas';
import './SkeletonPage.css';

export default function SkeletonPage({ project }: PageProps) {
  const query = api.useQuery('get', '/api/projects/{project}/skeleton', { params: { path: { project } } });
  return (
    <Loaded query={query}>
      {(skeleton) => <Editor key={JSON.stringify(skeleton)} project={project} skeleton={skeleton} />}
    </Loaded>
  );
}

function Editor({ project, skeleton }: { project: string; skeleton: Schemas['Skeleton'] }) {
  const [original] = useState(() => draftOf(skeleton));
  const [draft, setDraft] = useState<Draft>(original);
  const [isAsking, setIsAsking] = useState(false);
  const toast = useToast();
  const save = useAction(
    (allowLoss: boolean) =>
      dataOf(
        client.PUT('/api/projects/{project}/skeleton', {
          params: { path: { project } },
          body: changeOf(draft, skeleton, { allowLoss, author: readLabeller() ?? '' }),
        }),
      ),
    {
      onDone: () => toast.say('The skeleton is saved; the labels follow it.'),
      isQuiet: true,
    },
  );
  const removed = removedFrom(draft, skeleton);
  const problems = nameProblems(draft);
  const isChanged = draft !== original;
  return (
    <Page
      actions={
        <>
          <Button disabled={!isChanged} icon={Undo2} kind="quiet" onClick={() => setDraft(original)}>
            As it was
          </Button>
          <Button
            disabled={!isChanged || problems.size > 0 || draft.points.length === 0}
            icon={Save}
            isBusy={save.isBusy}
            kind="primary"
            onClick={() => (removed.length > 0 ? setIsAsking(true) : save.run(false))}
          >
            Save
          </Button>
        </>
      }
      text="The points of the body that are followed, and the lines that join them. Labels follow every change."
      title="Skeleton"
    >
      {save.error ? <Problem error={save.error} title="The skeleton could not be saved." /> : null}
      <div className="skeleton">
        <div className="stack">
          <Card isFlush>
            <SkeletonCanvas draft={draft} onChange={setDraft} project={project} />
          </Card>
          <LinesCard draft={draft} onChange={setDraft} />
          <PairsCard draft={draft} onChange={setDraft} />
        </div>
        <PointsCard draft={draft} onChange={setDraft} problems={problems} />
      </div>
      {isAsking && (
        <ConfirmDialog
          confirm="Remove and save"
          isDangerous
          onClose={() => setIsAsking(false)}
          onConfirm={() => {
            setIsAsking(false);
            save.run(true);
          }}
          title={`Remove ${plural(removed.length, 'point')}?`}
        >
          <p>
            The labels of {removed.join(', ')} are dropped. Earlier revisions of the labels still hold them, and
            networks that were trained with them cannot be used for the new skeleton.
          </p>
        </ConfirmDialog>
      )}
    </Page>
  );
}
