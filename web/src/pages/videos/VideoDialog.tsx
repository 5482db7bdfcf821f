import { FolderSearch, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { api, client, type Schemas } from '../../api/client';
import { sentence } from '../../api/errors';
import { dataOf, useAction } from '../../api/useAction';
import { Button } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { ConfirmDialog, Dialog } from '../../components/Dialog';
import { count, duration, measure } from '../../components/format';
import { PlaceDialog } from '../../components/PlaceDialog';
import { Loaded, Problem } from '../../components/Problem';
import { useFirstRoot } from '../home/FolderField';
import { type Box, CropEditor } from './CropEditor';
import { type Note, NotesEditor, toMetadata, toNotes } from './NotesEditor';

type Detail = Schemas['VideoDetail'];

interface VideoDialogProps {
  project: string;
  /** Its key. */
  video: string;
  onClose: () => void;
}

/** One video: what it is, the part that matters, and what people noted about it. */
export function VideoDialog({ project, video, onClose }: VideoDialogProps) {
  const query = api.useQuery('get', '/api/projects/{project}/videos/{video}', { params: { path: { project, video } } });
  if (query.data) return <Editor onClose={onClose} project={project} video={query.data} />;
  return (
    <Dialog isWide onClose={onClose} title={video}>
      <Loaded query={query}>{() => null}</Loaded>
    </Dialog>
  );
}

function Editor({ project, video, onClose }: { project: string; video: Detail; onClose: () => void }) {
  const [crop, setCrop] = useState<Box | null>(video.crop);
  const [notes, setNotes] = useState<Note[]>(() => toNotes(video.metadata));
  const [isRemoving, setIsRemoving] = useState(false);
  const path = { project, video: video.key };
  const save = useAction(
    (body: Schemas['VideoPatch']) =>
      dataOf(client.PATCH('/api/projects/{project}/videos/{video}', { params: { path }, body })),
    { onDone: onClose, isQuiet: true },
  );
  const remove = useAction(() => client.DELETE('/api/projects/{project}/videos/{video}', { params: { path } }), {
    onDone: onClose,
  });
  if (isRemoving) {
    return (
      <ConfirmDialog
        confirm="Remove from the project"
        isBusy={remove.isBusy}
        isDangerous
        onClose={() => setIsRemoving(false)}
        onConfirm={() => remove.run()}
        title={`Remove ${video.key}?`}
      >
        <p>The file itself stays where it is. Its labels are kept in the project's history.</p>
      </ConfirmDialog>
    );
  }
  return (
    <Dialog
      actions={
        <>
          <Button icon={Trash2} kind="danger" onClick={() => setIsRemoving(true)}>
            Remove
          </Button>
          <span className="grow" />
          <Button onClick={onClose}>Cancel</Button>
          <Button
            isBusy={save.isBusy}
            kind="primary"
            onClick={() => save.run({ metadata: toMetadata(notes), crop, clear_crop: crop === null })}
          >
            Save
          </Button>
        </>
      }
      isWide
      onClose={onClose}
      text={video.path}
      title={video.key}
    >
      <div className="stack">
        {video.is_missing && <Missing project={project} video={video} />}
        {video.problems.map((problem) => (
          <Callout key={problem} kind="warn">
            {sentence(problem)}
          </Callout>
        ))}
        <div className="video-detail">
          <CropEditor box={crop} onChange={setCrop} project={project} video={video} />
          <div className="stack">
            <Facts video={video} />
            <NotesEditor notes={notes} onChange={setNotes} />
          </div>
        </div>
        {save.error ? <Problem error={save.error} title="This could not be saved." /> : null}
      </div>
    </Dialog>
  );
}

/** The file was moved: say where to look. It is known by what is in it, whatever it is called now. */
function Missing({ project, video }: { project: string; video: Detail }) {
  const [isLooking, setIsLooking] = useState(false);
  const start = useFirstRoot();
  const path = { project, video: video.key };
  const find = useAction(
    (folder: Schemas['Place']) =>
      dataOf(client.POST('/api/projects/{project}/videos/{video}/find', { params: { path }, body: folder })),
    { onDone: () => setIsLooking(false), isQuiet: true },
  );
  return (
    <Callout kind="bad" title="The file is not where it was.">
      <div className="stack">
        <p>Put it back, or say where it is now. Its labels are all there.</p>
        <div>
          <Button icon={FolderSearch} onClick={() => setIsLooking(true)} size="sm">
            Look for it
          </Button>
        </div>
      </div>
      {isLooking && (
        <PlaceDialog
          canChooseFolder
          choose="Look in this folder"
          isBusy={find.isBusy}
          onChoose={([folder]) => folder && find.run(folder)}
          onClose={() => setIsLooking(false)}
          start={start}
          text="The folders in it are searched, too. The video is known by its content, not by its name."
          title={`Look for ${video.key}`}
        >
          {find.error ? <Problem error={find.error} title="It was not found." /> : null}
        </PlaceDialog>
      )}
    </Callout>
  );
}

function Facts({ video }: { video: Detail }) {
  return (
    <dl className="facts small">
      <dt>Frames</dt>
      <dd>{video.n_frames === null ? '–' : count(video.n_frames)}</dd>
      <dt>Rate</dt>
      <dd>
        {measure(video.fps, 'fps', 2)}
        {video.is_variable_rate && ', varying: each frame keeps its own time'}
      </dd>
      <dt>Length</dt>
      <dd>{duration(video.duration_s)}</dd>
      <dt>Size</dt>
      <dd>{video.width ? `${video.width} × ${video.height} px` : '–'}</dd>
      <dt>In the browser</dt>
      <dd>{video.can_play ? 'plays as it is' : 'shown picture by picture'}</dd>
    </dl>
  );
}
