/** Points that two people set differently: what is saved stays until somebody decides. */

import { useStore } from '../../app/useStore';
import { Button } from '../../components/Button';
import { Callout } from '../../components/Callout';
import type { LabelPoint } from '../../engine/labels';
import type { LabelSession } from './labelSession';

export function Conflicts({ session }: { session: LabelSession }) {
  const { editor } = session;
  const conflicts = useStore(editor, (state) => state.conflicts);
  if (conflicts.length === 0) return null;
  const settle = (whose: 'mine' | 'theirs') => {
    for (const conflict of conflicts) editor.resolveConflict(conflict, whose);
  };
  return (
    <div className="label-conflicts" data-testid="conflicts">
      <Callout
        actions={
          <>
            <Button onClick={() => settle('theirs')} size="sm">
              Keep theirs
            </Button>
            <Button kind="primary" onClick={() => settle('mine')} size="sm">
              Use mine
            </Button>
          </>
        }
        kind="warn"
        title="Somebody else labelled this frame at the same time"
      >
        {conflicts.map((conflict) => (
          <div key={`${conflict.instance} ${conflict.keypoint}`}>
            <strong>{editor.skeleton.keypoints[conflict.keypoint]}</strong>: theirs {where(conflict.theirs)} is saved,
            yours was {where(conflict.mine)}.
          </div>
        ))}
      </Callout>
    </div>
  );
}

function where({ position, visibility }: LabelPoint): string {
  if (!position) return visibility === 'absent' ? '(absent)' : '(no point)';
  return `(${position.x.toFixed(1)}, ${position.y.toFixed(1)})`;
}
