import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import './EmptyState.css';

interface EmptyStateProps {
  icon: LucideIcon;
  title: ReactNode;
  /** What to do, in a sentence or two. */
  children?: ReactNode;
  actions?: ReactNode;
}

/** Nothing here yet, and what to do about it. */
export function EmptyState({ icon: Icon, title, children, actions }: EmptyStateProps) {
  return (
    <div className="empty">
      <div className="empty__icon">
        <Icon aria-hidden size={26} strokeWidth={1.6} />
      </div>
      <h2>{title}</h2>
      {children && <div className="empty__text">{children}</div>}
      {actions && <div className="row">{actions}</div>}
    </div>
  );
}
