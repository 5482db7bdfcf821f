/** What is worth a look, the most worthwhile first. */

import { ArrowLeftRight, CircleCheck, type LucideIcon, MoveUpRight, Scissors, Unplug } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { classes } from '../../components/classes';
import { EmptyState } from '../../components/EmptyState';
import type { Suspicion } from './repairs';

const KINDS: Readonly<Record<Suspicion['kind'], { title: string; icon: LucideIcon }>> = {
  swap: { title: 'Exchanged?', icon: ArrowLeftRight },
  gap: { title: 'Gap', icon: Unplug },
  jump: { title: 'Jump', icon: MoveUpRight },
  short: { title: 'Short track', icon: Scissors },
};

interface Props {
  readonly issues: readonly Suspicion[];
  readonly nIssues: number;
  readonly place: number;
  readonly colourOf: (name: string) => string;
  readonly onOpen: (place: number) => void;
}

export function IssueQueue({ issues, nIssues, place, colourOf, onOpen }: Props) {
  const list = useRef<HTMLOListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the open issue is brought into view when it changes
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [place]);
  return (
    <section aria-label="Issues" className="issues">
      <div className="panel-head">
        <h2>Worth a look</h2>
        <span className="faint number">{nIssues}</span>
      </div>
      {issues.length === 0 ? (
        <EmptyState icon={CircleCheck} title="Nothing left to look at">
          No likely exchange, gap, jump or short track.
        </EmptyState>
      ) : (
        <ol className="issues__list" onKeyDown={moveFocus} ref={list}>
          {issues.map((issue, number) => (
            <li key={`${issue.kind}-${issue.start}-${issue.stop}-${issue.tracks.join()}`}>
              <Issue
                colourOf={colourOf}
                isOpen={number === place}
                isTabStop={number === Math.max(place, 0)}
                issue={issue}
                onOpen={() => onOpen(number)}
              />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** The list is one stop of the Tab key; within it, the arrows go on. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const issues = [...event.currentTarget.querySelectorAll<HTMLElement>('.issue')];
  const target = issues[placeAfter(event.key, issues.indexOf(event.target as HTMLElement), issues.length)];
  if (!target) return;
  event.preventDefault();
  target.focus();
}

/** Where a key leads in a list; -1 for one that leads nowhere. */
export function placeAfter(key: string, at: number, count: number): number {
  if (at < 0) return -1;
  if (key === 'ArrowDown') return Math.min(at + 1, count - 1);
  if (key === 'ArrowUp') return Math.max(at - 1, 0);
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : -1;
}

function Issue({
  issue,
  isOpen,
  isTabStop,
  colourOf,
  onOpen,
}: {
  issue: Suspicion;
  isOpen: boolean;
  isTabStop: boolean;
  colourOf: (name: string) => string;
  onOpen: () => void;
}) {
  const { title, icon: Icon } = KINDS[issue.kind];
  return (
    <button
      aria-current={isOpen || undefined}
      className={classes('issue', isOpen && 'issue--open')}
      onClick={onOpen}
      tabIndex={isTabStop ? 0 : -1}
      type="button"
    >
      <Icon aria-hidden className="issue__icon" size={16} strokeWidth={1.9} />
      <span className="issue__what">
        <span className="issue__title">
          {title} <span className="faint number">{issue.kind === 'gap' ? '' : `${percent(issue.likelihood)}`}</span>
        </span>
        <span className="issue__reason">{issue.reason}</span>
        <span className="issue__where">
          {issue.tracks.map((name) => (
            <span className="issue__track" key={name}>
              <span aria-hidden className="lanes__colour" style={{ background: colourOf(name) }} />
              {name}
            </span>
          ))}
          <span className="faint number">
            {issue.start === issue.stop ? `frame ${issue.start}` : `frames ${issue.start} to ${issue.stop}`}
          </span>
        </span>
      </span>
    </button>
  );
}

function percent(likelihood: number): string {
  return likelihood < 0.01 ? 'under 1 %' : `${Math.round(100 * likelihood)} %`;
}
