import { Folder } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import { Button } from '../../components/Button';
import type { Place } from '../../components/FileBrowser';
import { PlaceDialog } from '../../components/PlaceDialog';

interface FolderFieldProps {
  label: string;
  value: Place | null;
  onChange: (place: Place) => void;
}

/** Where something new will be put. */
export function FolderField({ label, value, onChange }: FolderFieldProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <div className="field">
      <span className="field__label">{label}</span>
      <div className="row">
        <PlacePath place={value} />
        <Button icon={Folder} onClick={() => setIsOpen(true)} size="sm">
          Change
        </Button>
      </div>
      {isOpen && (
        <PlaceDialog
          canChooseFolder
          choose="Use this folder"
          onChoose={([place]) => {
            if (place) onChange(place);
            setIsOpen(false);
          }}
          onClose={() => setIsOpen(false)}
          start={value}
          title={label}
        />
      )}
    </div>
  );
}

/** A place as a person knows it: the path on the server. */
export function PlacePath({ place }: { place: Place | null }) {
  const { data } = api.useQuery('get', '/api/session');
  const root = data?.roots.find((candidate) => candidate.id === place?.root);
  if (!place || !root) return <span className="soft">not chosen yet</span>;
  return <code className="break-words">{[root.path.replace(/[/\\]$/, ''), place.path].filter(Boolean).join('/')}</code>;
}

/** The folder in which new things are put unless another is chosen: the first root. */
export function useFirstRoot(): Place | null {
  const { data } = api.useQuery('get', '/api/session');
  const root = data?.roots[0];
  return root ? { root: root.id, path: '' } : null;
}
