import { type ReactNode, useEffect } from 'react';
import './Page.css';
import { classes } from './classes';

interface PageProps {
  title: string;
  /** What this page is for, in a sentence. */
  text?: ReactNode;
  actions?: ReactNode;
  isNarrow?: boolean;
  children: ReactNode;
}

/** The frame of an ordinary page: its heading, its actions, its content. */
export function Page({ title, text, actions, isNarrow = false, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Marey`;
  }, [title]);
  return (
    <div className={classes('page', isNarrow && 'page--narrow')}>
      <header className="page__head">
        <div className="grow">
          <h1>{title}</h1>
          {text && <p className="page__text">{text}</p>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
