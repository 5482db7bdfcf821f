import { Clapperboard, FileOutput, Footprints, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { pageUrl } from '../../app/pages';
import { Badge } from '../../components/Badge';
import { Button, ButtonLink, IconButton } from '../../components/Button';
import { Card } from '../../components/Card';
import { ConfirmDialog, Dialog } from '../../components/Dialog';
import { SelectField } from '../../components/Field';
import { count, when } from '../../components/format';
import { Loaded, Problem } from '../../components/Problem';
import { type Column, Table } from '../../components/Table';
import { useToast } from '../../components/Toast';
import { TrackDialog } from '../../components/TrackDialog';

type Result = Schemas['Result'];

/** The files of poses, and what can be done with them. */
export function ResultsCard({ project }: { project: string }) {
  const results = api.useQuery('get', '/api/projects/{project}/results', { params: { path: { project } } });
  const [removing, setRemoving] = useState<Result | null>(null);
  const [exporting, setExporting] = useState<Result | null>(null);
  const [following, setFollowing] = useState<Result | null>(null);
  const remove = useAction(
    (result: Result) =>
      client.DELETE('/api/projects/{project}/results/{result}', { params: { path: { project, result: result.id } } }),
    { onDone: () => setRemoving(null) },
  );
  const columns: Column<Result>[] = [
    {
      key: 'name',
      title: 'File',
      cell: (result) => (
        <>
          <Link className="strong break-words" href={pageUrl(project, 'results', { result: result.id })}>
            {result.name}
          </Link>{' '}
          {result.is_smoothed && <Badge tone="accent">smoothed</Badge>}
        </>
      ),
    },
    { key: 'frames', title: 'Frames', isNumber: true, cell: (result) => count(result.n_frames) },
    { key: 'made', title: 'Made', cell: (result) => <span className="soft">{when(result.modified)}</span> },
    {
      key: 'actions',
      title: <span className="visually-hidden">Actions</span>,
      cell: (result) => (
        <span className="row row--end">
          {mayBeFollowed(result) && (
            <IconButton
              icon={Footprints}
              label={`Follow the animals of ${result.name}`}
              onClick={() => setFollowing(result)}
              size="sm"
            />
          )}
          <ButtonLink
            aria-label={`Labelled video of ${result.name}`}
            icon={Clapperboard}
            kind="quiet"
            size="sm"
            to={pageUrl(project, 'render', { result: result.id })}
          />
          <IconButton
            icon={FileOutput}
            label={`Export ${result.name}`}
            onClick={() => setExporting(result)}
            size="sm"
          />
          <IconButton icon={Trash2} label={`Delete ${result.name}`} onClick={() => setRemoving(result)} size="sm" />
        </span>
      ),
    },
  ];
  return (
    <Loaded query={results}>
      {(list) =>
        list.length === 0 ? null : (
          <Card isFlush text="Open one to see it over the video, smooth it, or correct the network." title="Results">
            <Table columns={columns} label="Results" rowKey={(result) => result.id} rows={list} />
            {following && <TrackDialog onClose={() => setFollowing(null)} project={project} result={following} />}
            {exporting && <ExportDialog onClose={() => setExporting(null)} project={project} result={exporting} />}
            {removing && (
              <ConfirmDialog
                confirm="Delete"
                isBusy={remove.isBusy}
                isDangerous
                onClose={() => setRemoving(null)}
                onConfirm={() => remove.run(removing)}
                title={`Delete ${removing.name}?`}
              >
                <p>The file is deleted for good. The video can be analysed again.</p>
              </ConfirmDialog>
            )}
          </Card>
        )
      }
    </Loaded>
  );
}

/** Who is who is unknown where several animals were found, and known in tracks. */
function mayBeFollowed({ individuals, name }: Result): boolean {
  return individuals.length > 1 && !name.endsWith('-tracks');
}

function ExportDialog({ project, result, onClose }: { project: string; result: Result; onClose: () => void }) {
  const session = api.useQuery('get', '/api/session');
  const formats = session.data?.export_formats ?? [];
  const [picked, setPicked] = useState('');
  const format = picked || (formats[0]?.name ?? '');
  const toast = useToast();
  const write = useAction(
    () =>
      dataOf(
        client.POST('/api/projects/{project}/results/{result}/export', {
          params: { path: { project, result: result.id } },
          body: { format, overwrite: true },
        }),
      ),
    {
      onDone: () => {
        toast.say('The file is being written into the project’s folder “exports”; see Jobs.');
        onClose();
      },
      isQuiet: true,
    },
  );
  return (
    <Dialog
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button disabled={!format} isBusy={write.isBusy} kind="primary" onClick={() => write.run()}>
            Export
          </Button>
        </>
      }
      onClose={onClose}
      text={result.name}
      title="Export for another tool"
    >
      <div className="stack">
        <SelectField
          label="Format"
          onChange={setPicked}
          options={formats.map((option) => ({ value: option.name, label: option.title }))}
          value={format}
        />
        {write.error ? <Problem error={write.error} title="This could not be exported." /> : null}
      </div>
    </Dialog>
  );
}
