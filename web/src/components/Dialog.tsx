import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { Button, IconButton } from './Button';
import './Dialog.css';
import { classes } from './classes';
import { useToastsIn } from './Toast';

interface DialogProps {
  title: ReactNode;
  text?: ReactNode;
  onClose: () => void;
  /** Buttons at the bottom; the last one is the main one. */
  actions?: ReactNode;
  isWide?: boolean;
  children?: ReactNode;
}

/** A modal dialog while it is mounted. The browser keeps the focus inside and gives it back. */
export function Dialog({ title, text, onClose, actions, isWide = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  useToastsIn(dialog);
  return (
    <dialog
      aria-labelledby={id}
      className={classes('dialog', isWide && 'dialog--wide')}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      ref={dialog}
    >
      <header className="dialog__head">
        <div className="grow">
          <h2 id={id}>{title}</h2>
          {text && <p className="soft small">{text}</p>}
        </div>
        <IconButton icon={X} label="Close" onClick={onClose} size="sm" />
      </header>
      {children && <div className="dialog__body">{children}</div>}
      {actions && <footer className="dialog__foot">{actions}</footer>}
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  children: ReactNode;
  confirm: string;
  isDangerous?: boolean;
  isBusy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** A question before something that cannot be taken back lightly. */
export function ConfirmDialog({ title, children, confirm, isDangerous, isBusy, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button isBusy={isBusy} kind={isDangerous ? 'danger' : 'primary'} onClick={onConfirm}>
            {confirm}
          </Button>
        </>
      }
      onClose={onClose}
      title={title}
    >
      {children}
    </Dialog>
  );
}
