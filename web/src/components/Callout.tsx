import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import './Callout.css';

export type CalloutKind = 'info' | 'good' | 'warn' | 'bad';

const ICONS = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert };

interface CalloutProps {
  kind?: CalloutKind;
  title?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}

/** Something to know, or something that went wrong and what to do next. */
export function Callout({ kind = 'info', title, actions, children }: CalloutProps) {
  const Icon = ICONS[kind];
  return (
    <div className={`callout callout--${kind}`} role={kind === 'bad' ? 'alert' : undefined}>
      <Icon aria-hidden className="callout__icon" size={19} strokeWidth={1.9} />
      <div className="grow break-words">
        {title && <p className="strong">{title}</p>}
        {children && <div className="callout__text">{children}</div>}
      </div>
      {actions && <div className="row">{actions}</div>}
    </div>
  );
}
