import { CornerDownLeft, File, FileJson, Film, Folder, FolderKanban, FolderSearch, Images } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { api, client, type Schemas } from '../api/client';
import { dataOf, useAction } from '../api/useAction';
import { Button } from './Button';
import { EmptyState } from './EmptyState';
import './FileBrowser.css';
import { bytes, when } from './format';
import { Loaded, Problem } from './Problem';

export type Place = Schemas['Place'];
export type FileEntry = Schemas['FileEntry'];

interface FileBrowserProps {
  /** Where we are; null shows the roots. */
  place: Place | null;
  onGo: (place: Place | null) => void;
  /** What may be ticked; folders are always entered. */
  canTick?: (entry: FileEntry) => boolean;
  ticked?: readonly Place[];
  onTick?: (place: Place, isTicked: boolean) => void;
  /** A pasted path turned out to be this. */
  onPaste?: (place: Place) => void;
}

const ICONS = { folder: Folder, project: FolderKanban, video: Film, images: Images, poses: FileJson, file: File };

export function isSamePlace(a: Place, b: Place): boolean {
  return a.root === b.root && a.path === b.path;
}

/** The server's folders, as far as it may show them. */
export function FileBrowser({ place, onGo, canTick, ticked = [], onTick, onPaste }: FileBrowserProps) {
  return (
    <div className="files">
      <PasteField onFound={onPaste ?? onGo} />
      {place === null ? (
        <Roots onGo={onGo} />
      ) : (
        <FolderView canTick={canTick} onGo={onGo} onTick={onTick} place={place} ticked={ticked} />
      )}
    </div>
  );
}

function Roots({ onGo }: Pick<FileBrowserProps, 'onGo'>) {
  const session = api.useQuery('get', '/api/session');
  return (
    <Loaded query={session}>
      {({ roots }) => (
        <ul className="files__list">
          {roots.map((root) => (
            <li key={root.id}>
              <button className="files__entry" onClick={() => onGo({ root: root.id, path: '' })} type="button">
                <FolderSearch aria-hidden size={18} strokeWidth={1.7} />
                <span className="strong">{root.name}</span>
                <span className="files__note truncate">{root.path}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}

type FolderViewProps = Required<Pick<FileBrowserProps, 'onGo' | 'ticked'>> &
  Pick<FileBrowserProps, 'canTick' | 'onTick'> & { place: Place };

function FolderView({ place, onGo, canTick, ticked, onTick }: FolderViewProps) {
  const listing = api.useQuery('get', '/api/files', { params: { query: { root: place.root, path: place.path } } });
  return (
    <Loaded query={listing}>
      {({ crumbs, entries, truncated }) => (
        <>
          <nav aria-label="Folders" className="files__crumbs">
            <button onClick={() => onGo(null)} type="button">
              Start
            </button>
            {crumbs.map((crumb) => (
              <button key={crumb.place.path} onClick={() => onGo(crumb.place)} type="button">
                {crumb.name}
              </button>
            ))}
          </nav>
          {entries.length === 0 && <EmptyState icon={Folder} title="This folder is empty" />}
          <ul className="files__list">
            {entries.map((entry) => (
              <Entry canTick={canTick} entry={entry} key={entry.name} onGo={onGo} onTick={onTick} ticked={ticked} />
            ))}
          </ul>
          {truncated && (
            <p className="soft small">Only the first entries are shown: paste a path above to go deeper.</p>
          )}
        </>
      )}
    </Loaded>
  );
}

type EntryProps = Omit<FolderViewProps, 'place'> & { entry: FileEntry };

function Entry({ entry, onGo, canTick, ticked, onTick }: EntryProps) {
  const Icon = ICONS[entry.kind];
  const mayTick = onTick !== undefined && (canTick?.(entry) ?? false);
  const isTicked = ticked.some((place) => isSamePlace(place, entry.place));
  const isFolder = entry.kind === 'folder' || entry.kind === 'project' || entry.kind === 'images';
  const words = (
    <>
      <Icon aria-hidden size={18} strokeWidth={1.7} />
      <span className="truncate">{entry.name}</span>
      <span className="files__note">
        {entry.kind === 'project' && 'Marey project'}
        {entry.kind === 'images' && 'folder of images'}
        {!isFolder && `${bytes(entry.size)} · ${when(entry.modified)}`}
      </span>
    </>
  );
  return (
    <li className="files__row">
      {onTick && (
        <input
          aria-label={`Choose ${entry.name}`}
          checked={isTicked}
          className={mayTick ? 'files__tick' : 'files__tick files__tick--none'}
          disabled={!mayTick}
          onChange={(event) => onTick(entry.place, event.target.checked)}
          type="checkbox"
        />
      )}
      {isFolder ? (
        <button className="files__entry" onClick={() => onGo(entry.place)} type="button">
          {words}
        </button>
      ) : (
        <button
          className="files__entry"
          disabled={!mayTick}
          onClick={() => onTick?.(entry.place, !isTicked)}
          tabIndex={-1}
          type="button"
        >
          {words}
        </button>
      )}
    </li>
  );
}

function PasteField({ onFound }: { onFound: (place: Place) => void }) {
  const [path, setPath] = useState('');
  const resolve = useAction((text: string) => dataOf(client.POST('/api/files/resolve', { body: { path: text } })), {
    onDone: (place) => {
      setPath('');
      onFound(place);
    },
    isQuiet: true,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (path.trim()) resolve.run(path.trim());
  };
  return (
    <form className="stack" onSubmit={submit} style={{ '--gap': 'var(--space-2)' } as React.CSSProperties}>
      <div className="files__paste">
        <input
          aria-label="Paste a path on the server"
          autoComplete="off"
          className="input"
          onChange={(event) => setPath(event.target.value)}
          placeholder="Paste a path on the server, or choose below"
          spellCheck={false}
          value={path}
        />
        <Button disabled={!path.trim()} icon={CornerDownLeft} isBusy={resolve.isBusy} type="submit">
          Go
        </Button>
      </div>
      {resolve.error ? <Problem error={resolve.error} /> : null}
    </form>
  );
}
