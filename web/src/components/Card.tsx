import type { ReactNode } from 'react';
import './Card.css';
import { classes } from './classes';

interface CardProps {
  title?: ReactNode;
  /** A sentence below the title. */
  text?: ReactNode;
  actions?: ReactNode;
  /** Content up to the edge: for tables and pictures. */
  isFlush?: boolean;
  className?: string;
  children?: ReactNode;
  id?: string;
}

export function Card({ title, text, actions, isFlush = false, className, children, id }: CardProps) {
  return (
    <section className={classes('card', isFlush && 'card--flush', className)} id={id}>
      {(title || actions) && (
        <header className="card__head">
          <div className="grow">
            {title && <h2>{title}</h2>}
            {text && <p className="soft small">{text}</p>}
          </div>
          {actions && <div className="row">{actions}</div>}
        </header>
      )}
      {children && <div className="card__body">{children}</div>}
    </section>
  );
}
