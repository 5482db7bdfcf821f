import { ConfirmDialog } from '../../components/Dialog';
import { plural } from '../../components/format';

const MOST_NAMED = 12;

interface Props {
  readonly frames: readonly number[];
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

export function LearnDialog({ frames, onConfirm, onClose }: Props) {
  return (
    <ConfirmDialog
      confirm={`Learn from ${plural(frames.length, 'frame')}`}
      onClose={onClose}
      onConfirm={onConfirm}
      title="Learn from the repaired frames?"
    >
      <p>
        Their poses become labels: {frames.slice(0, MOST_NAMED).join(', ')}
        {frames.length > MOST_NAMED ? ' and more' : ''}.
      </p>
      <p className="soft">
        Found points count as accepted by you; points that were filled in are proposed, and wait for you on the page
        Label. Frames that have labels keep them.
      </p>
    </ConfirmDialog>
  );
}
