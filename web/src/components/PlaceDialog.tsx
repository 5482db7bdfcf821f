import { type ReactNode, useState } from 'react';
import { client } from '../api/client';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { FileBrowser, type FileEntry, isSamePlace, type Place } from './FileBrowser';

interface PlaceDialogProps {
  title: string;
  text?: ReactNode;
  /** The main button; "Open". */
  choose: string;
  start?: Place | null;
  /** Files that may be chosen besides the folder that is shown. */
  canTick?: (entry: FileEntry) => boolean;
  /** Whether the folder that is shown may be chosen itself. */
  canChooseFolder?: boolean;
  isMultiple?: boolean;
  isBusy?: boolean;
  onChoose: (places: Place[]) => void;
  onClose: () => void;
  children?: ReactNode;
}

/** A dialog in which files or a folder of the server are chosen. */
export function PlaceDialog({
  title,
  text,
  choose,
  start = null,
  canTick,
  canChooseFolder = false,
  isMultiple = false,
  isBusy,
  onChoose,
  onClose,
  children,
}: PlaceDialogProps) {
  const [place, setPlace] = useState<Place | null>(start);
  const [ticked, setTicked] = useState<Place[]>([]);
  const tick = (which: Place, isTicked: boolean) => {
    const others = isMultiple ? ticked.filter((other) => !isSamePlace(other, which)) : [];
    setTicked(isTicked ? [...others, which] : others);
  };
  const paste = (pasted: Place) =>
    void isFolder(pasted).then((is) => {
      setPlace(is ? pasted : folderOf(pasted));
      if (!is && canTick) tick(pasted, true);
    });
  const chosen = ticked.length > 0 ? ticked : canChooseFolder && place ? [place] : [];
  return (
    <Dialog
      actions={
        <>
          <span className="grow soft small">{isMultiple && ticked.length > 0 && `${ticked.length} chosen`}</span>
          <Button onClick={onClose}>Cancel</Button>
          <Button disabled={chosen.length === 0} isBusy={isBusy} kind="primary" onClick={() => onChoose(chosen)}>
            {choose}
          </Button>
        </>
      }
      isWide
      onClose={onClose}
      text={text}
      title={title}
    >
      <div className="stack">
        <FileBrowser
          canTick={canTick}
          onGo={setPlace}
          onPaste={paste}
          onTick={canTick ? tick : undefined}
          place={place}
          ticked={ticked}
        />
        {children}
      </div>
    </Dialog>
  );
}

/** Whether a place is a folder: a file cannot be listed. */
async function isFolder({ root, path }: Place): Promise<boolean> {
  try {
    await client.GET('/api/files', { params: { query: { root, path } } });
    return true;
  } catch {
    return false;
  }
}

function folderOf({ root, path }: Place): Place {
  return { root, path: path.split('/').slice(0, -1).join('/') };
}
