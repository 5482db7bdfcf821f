import { Keyboard } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { KeySheet } from '../../components/KeySheet';
import { Keymap } from '../../engine/keymap';
import { LABEL_ACTIONS, POINTER_HINTS } from '../label/keys';
import { loadSettings, storeSettings } from '../label/settings';

/** The keys of the Label page; they can be changed here and there. */
export function KeysCard() {
  const [keymap, setKeymap] = useState(() => Keymap.restore(LABEL_ACTIONS, loadSettings().keys));
  const [isOpen, setIsOpen] = useState(false);
  const change = (next: Keymap) => {
    setKeymap(next);
    storeSettings({ ...loadSettings(), keys: next.overrides });
  };
  const changed = Object.keys(keymap.overrides).length;
  return (
    <Card
      actions={
        <Button icon={Keyboard} onClick={() => setIsOpen(true)} size="sm">
          Show and change
        </Button>
      }
      text={changed > 0 ? `${changed} changed` : 'Also shown by ? on the Label page.'}
      title="Keys for labelling"
    >
      {isOpen && (
        <KeySheet keymap={keymap} onChange={change} onClose={() => setIsOpen(false)} pointer={POINTER_HINTS} />
      )}
    </Card>
  );
}
