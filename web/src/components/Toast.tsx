import { CircleAlert, CircleCheck, X } from 'lucide-react';
import {
  createContext,
  type ReactNode,
  type RefObject,
  useCallback,
  useContext,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { createPortal } from 'react-dom';
import { IconButton } from './Button';
import './Toast.css';

interface Toast {
  id: number;
  kind: 'good' | 'hint' | 'bad';
  text: ReactNode;
}

interface Toasts {
  /** Something went well. */
  say: (text: ReactNode) => void;
  /** Something else has to be done first. */
  hint: (text: ReactNode) => void;
  /** Something went wrong; stays until it is closed. */
  warn: (text: ReactNode) => void;
}

const ToastContext = createContext<Toasts>({
  say: () => undefined,
  hint: () => undefined,
  warn: () => undefined,
});
type Lend = (dialog: HTMLElement) => () => void;
const DialogContext = createContext<Lend>(() => () => undefined);
const SECONDS = 5;

export function useToast(): Toasts {
  return useContext(ToastContext);
}

/** Show the messages inside of a modal dialog while it is there: all that is outside lies below it and is inert. */
export function useToastsIn(dialog: RefObject<HTMLElement | null>): void {
  const lend = useContext(DialogContext);
  useLayoutEffect(() => (dialog.current ? lend(dialog.current) : undefined), [dialog, lend]);
}

/** Short messages at the top, read aloud by screen readers. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const [dialogs, setDialogs] = useState<readonly HTMLElement[]>([]);
  const last = useRef(0);
  const remove = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const add = useCallback((kind: Toast['kind'], text: ReactNode) => {
    last.current += 1;
    const id = last.current;
    setToasts((all) => [...all.filter((toast) => toast.text !== text).slice(-3), { id, kind, text }]);
    return id;
  }, []);
  const lend = useCallback<Lend>((dialog) => {
    setDialogs((all) => [...all, dialog]);
    return () => setDialogs((all) => all.filter((other) => other !== dialog));
  }, []);
  const api = useMemo<Toasts>(() => {
    const addForAWhile = (kind: Toast['kind'], text: ReactNode) => {
      const id = add(kind, text);
      window.setTimeout(() => remove(id), SECONDS * 1000);
    };
    return {
      say: (text) => addForAWhile('good', text),
      hint: (text) => addForAWhile('hint', text),
      warn: (text) => {
        add('bad', text);
      },
    };
  }, [add, remove]);
  const dialog = dialogs.at(-1);
  const list = (
    <div aria-live="polite" className="toasts" role="status">
      {toasts.map(({ id, kind, text }) => (
        <div className={`toast toast--${kind}`} key={id}>
          {kind === 'good' ? <CircleCheck aria-hidden size={18} /> : <CircleAlert aria-hidden size={18} />}
          <div className="grow break-words">{text}</div>
          <IconButton icon={X} label="Dismiss" onClick={() => remove(id)} size="sm" />
        </div>
      ))}
    </div>
  );
  return (
    <ToastContext.Provider value={api}>
      <DialogContext.Provider value={lend}>
        {children}
        {dialog ? createPortal(list, dialog) : list}
      </DialogContext.Provider>
    </ToastContext.Provider>
  );
}
