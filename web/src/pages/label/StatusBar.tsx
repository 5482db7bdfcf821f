/** What comes next and whether everything is saved. */

import { CircleAlert, CloudOff, LoaderCircle, Save, Users } from 'lucide-react';
import { useStore } from '../../app/useStore';
import { KeyHint } from '../../components/KeyHint';
import type { SaveStatus } from '../../engine/autosave';
import { targetOf } from '../../engine/editorState';
import type { Keymap } from '../../engine/keymap';
import { isUnconfirmed } from '../../engine/labels';
import { missingFrom } from '../../engine/missing';
import type { LabelActionId } from './keys';
import type { LabelSession } from './labelSession';

export function StatusBar({ session, keymap }: { session: LabelSession; keymap: Keymap }) {
  const [notice, companion, save] = useStore(session, (state) => [state.notice, state.companion, state.save] as const);
  return (
    <footer className="label-status">
      <Next keymap={keymap} session={session} />
      <span className="label-status__notice soft truncate">{notice}</span>
      {companion && (
        <span className="label-status__item" data-testid="companion" role="status">
          <Users aria-hidden size={15} /> Also here: {companion}
        </span>
      )}
      <SaveMark save={save} />
    </footer>
  );
}

/** What the next click does, and the key that goes with it. */
function Next({ session, keymap }: { session: LabelSession; keymap: Keymap }) {
  const { editor } = session;
  const [frame, kind, part] = useStore(editor, (state) => {
    const target = targetOf(state);
    return [state.frame, target?.kind ?? null, target ? editor.skeleton.keypoints[target.keypoint] : null] as const;
  });
  const labels = useStore(editor, (state) => state.labels);
  const unconfirmed = labels.instances.flatMap((instance) => instance.points).filter(isUnconfirmed).length;
  const missing = missingFrom(labels, editor.individuals);
  // Nothing is known of a frame that is still on its way.
  if (frame === null) return null;
  const key = (id: LabelActionId) => <KeyHint chord={keymap.keysOf(id)[0] ?? ''} />;
  return (
    <span className="label-status__next" data-testid="next-step">
      {kind === 'place' && (
        <>
          Click: <strong>{part}</strong> <span className="label-status__keys">{key('absent')} absent</span>
        </>
      )}
      {kind === 'refine' && (
        <>
          Click moves <strong>{part}</strong> <span className="label-status__keys">{key('turn')} another</span>
        </>
      )}
      {kind === null && unconfirmed === 0 && (
        <>
          <span className="truncate" title={missing.join('; ')}>
            {missing[0] ?? 'Complete'}
            {missing.length > 1 && `, and ${missing.length - 1} more`}
          </span>
          <span className="label-status__keys">{key('accept')} next frame</span>
        </>
      )}
      {unconfirmed > 0 && (
        <span className="label-status__keys">
          {key('accept')} accept {unconfirmed} proposed
        </span>
      )}
    </span>
  );
}

function SaveMark({ save }: { save: SaveStatus }) {
  switch (save.kind) {
    case 'idle':
      return <span className="label-status__item faint">Nothing to save</span>;
    case 'saving':
      return (
        <span className="label-status__item" data-testid="save" role="status">
          <LoaderCircle aria-hidden className="spin" size={15} /> Saving
        </span>
      );
    case 'saved':
      return (
        <span className="label-status__item label-status__item--good number" data-testid="save">
          <Save aria-hidden size={15} /> Saved, rev {save.number}
        </span>
      );
    case 'waiting':
      return (
        <span className="label-status__item label-status__item--warn" data-testid="save" role="status">
          <CloudOff aria-hidden size={15} /> The server does not answer; kept here, trying again
        </span>
      );
    case 'refused':
      return (
        <span className="label-status__item label-status__item--bad" data-testid="save" role="alert">
          <CircleAlert aria-hidden size={15} /> Not saved: {save.reason}
        </span>
      );
  }
}
