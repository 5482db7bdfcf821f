/** The frames waiting to be labelled. Only those in sight are in the page, so thousands cost nothing. */

import { Circle, CircleCheck, CircleDashed, CircleDot, Flag, type LucideIcon } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useStore } from '../../app/useStore';
import { classes } from '../../components/classes';
import { Loading } from '../../components/Progress';
import type { FrameState } from '../../engine/labels';
import { countOf, QUEUE_FILTERS, type QueueFilter, type QueueItem } from '../../engine/queue';
import { keyOf } from './backend';
import type { LabelSession } from './labelSession';

const ROW_PX = 40;
const MARGIN_ROWS = 6;

const FILTER_WORDS: Readonly<Record<QueueFilter, string>> = {
  all: 'All frames',
  unlabeled: 'To label',
  'low-confidence': 'Low confidence',
  review: 'To review',
};

const STATES: Readonly<Record<FrameState, { icon: LucideIcon; words: string }>> = {
  unlabeled: { icon: Circle, words: 'not labelled' },
  unconfirmed: { icon: CircleDashed, words: 'proposed, not confirmed' },
  partial: { icon: CircleDot, words: 'begun' },
  labeled: { icon: CircleCheck, words: 'labelled' },
};

export function QueuePanel({ session }: { session: LabelSession }) {
  const [items, isListed, filter, place] = useStore(
    session,
    (state) => [state.items, state.isListed, state.filter, state.place] as const,
  );
  const shown = session.visibleItems();
  const labeled = items.filter((item) => item.state === 'labeled').length;
  return (
    <section aria-label="Frames" className="queue">
      <header className="panel-head">
        <h2>Frames</h2>
        {isListed && (
          <span className="faint small number" title="labelled, of all frames of the queue">
            {labeled} of {items.length}
          </span>
        )}
      </header>
      {isListed ? (
        <>
          <select
            aria-label="Which frames to show"
            className="input input--sm"
            onChange={(event) => session.setFilter(event.target.value as QueueFilter)}
            value={filter}
          >
            {QUEUE_FILTERS.map((name) => (
              <option key={name} value={name}>
                {FILTER_WORDS[name]} ({countOf(items, name)})
              </option>
            ))}
          </select>
          <Rows current={place && keyOf(place)} items={shown} onOpen={(item) => void session.go(item)} />
        </>
      ) : (
        <Loading />
      )}
    </section>
  );
}

function Rows({
  items,
  current,
  onOpen,
}: {
  items: readonly QueueItem[];
  current: string | null;
  onOpen: (item: QueueItem) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const at = items.findIndex((item) => item.key === current);

  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // The frame on the canvas is in sight, with a neighbour on either side.
  useEffect(() => {
    const element = list.current;
    if (!element || at < 0) return;
    const [above, below] = [(at - 1) * ROW_PX, (at + 2) * ROW_PX - element.clientHeight];
    if (element.scrollTop > above) element.scrollTop = above;
    else if (element.scrollTop < below) element.scrollTop = below;
  }, [at]);

  const first = Math.max(Math.floor(top / ROW_PX) - MARGIN_ROWS, 0);
  const last = Math.min(Math.ceil((top + height) / ROW_PX) + MARGIN_ROWS, items.length);
  return (
    <div className="queue__scroll" onScroll={(event) => setTop(event.currentTarget.scrollTop)} ref={list}>
      {items.length === 0 && <p className="queue__empty soft small">No frame is like that. Choose others above.</p>}
      <ol style={{ height: items.length * ROW_PX }}>
        {items.slice(first, last).map((item, i) => (
          <li className="queue__row" key={item.key} style={{ top: (first + i) * ROW_PX }}>
            <Row isCurrent={item.key === current} item={item} onOpen={onOpen} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function Row({ item, isCurrent, onOpen }: { item: QueueItem; isCurrent: boolean; onOpen: (item: QueueItem) => void }) {
  const { icon: Icon, words } = STATES[item.state];
  return (
    <button
      aria-current={isCurrent ? 'true' : undefined}
      className={classes('queue-item', isCurrent && 'queue-item--current')}
      data-state={item.state}
      onClick={() => onOpen(item)}
      title={`${item.video}, frame ${item.frame}: ${words}`}
      type="button"
    >
      <Icon aria-hidden className="queue-item__state" size={16} strokeWidth={2} />
      <span className="queue-item__text">
        <span className="number">{item.frame}</span>
        <span className="faint truncate">{item.video}</span>
      </span>
      <span className="visually-hidden">{words}</span>
      {item.confidence !== null && (
        <span className="queue-item__sure number" title="lowest confidence">
          {Math.round(item.confidence * 100)} %
        </span>
      )}
      {item.needsReview && <Flag aria-label="second look wanted" className="queue-item__flag" size={14} />}
    </button>
  );
}
