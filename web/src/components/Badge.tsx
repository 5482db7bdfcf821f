import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import './Badge.css';

export type Tone = 'neutral' | 'accent' | 'good' | 'warn' | 'bad';

/** A word about a state. Never by colour alone: the word says it. */
export function Badge({
  tone = 'neutral',
  icon: Icon,
  children,
}: {
  tone?: Tone;
  icon?: LucideIcon;
  children: ReactNode;
}) {
  return (
    <span className={`badge badge--${tone}`}>
      {Icon && <Icon aria-hidden size={13} strokeWidth={2.2} />}
      {children}
    </span>
  );
}
