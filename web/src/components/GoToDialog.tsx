import { useEffect, useRef, useState } from 'react';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { NumberField } from './Field';

interface Props {
  readonly current: number;
  readonly nFrames: number | null;
  readonly onGo: (frame: number) => void;
  readonly onClose: () => void;
}

/** Ask for the number of a frame. */
export function GoToDialog({ current, nFrames, onGo, onClose }: Props) {
  const [frame, setFrame] = useState<number | null>(current);
  const form = useRef<HTMLFormElement>(null);
  // The dialog opens with its first button in focus; here one types at once.
  useEffect(() => form.current?.querySelector('input')?.select(), []);
  const last = nFrames === null ? undefined : nFrames - 1;
  return (
    <Dialog onClose={onClose} title="Go to a frame">
      <form
        className="stack"
        ref={form}
        onSubmit={(event) => {
          event.preventDefault();
          if (frame !== null) onGo(frame);
          onClose();
        }}
      >
        <NumberField
          hint={last === undefined ? undefined : `From 0 to ${last}, in the video that is shown`}
          label="Frame"
          max={last}
          min={0}
          onChange={setFrame}
          step={1}
          value={frame}
        />
        <div className="row row--end">
          <Button onClick={onClose}>Cancel</Button>
          <Button disabled={frame === null} kind="primary" type="submit">
            Go
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
