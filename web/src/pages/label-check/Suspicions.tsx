import { CircleCheck } from 'lucide-react';
import { type KeyboardEvent, useRef } from 'react';
import { useLocation } from 'wouter';
import { api, frameUrl, type Schemas } from '../../api/client';
import { sentence } from '../../api/errors';
import { type PageProps, pageUrl } from '../../app/pages';
import { Badge, type Tone } from '../../components/Badge';
import { ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { plural } from '../../components/format';
import { KeyHint } from '../../components/KeyHint';
import { Picture } from '../../components/Picture';
import { Loaded } from '../../components/Problem';

type Suspicion = Schemas['Suspicion'];

const SEVERITIES: Readonly<Record<Suspicion['severity'], { word: string; tone: Tone }>> = {
  error: { word: 'wrong', tone: 'bad' },
  warning: { word: 'suspicious', tone: 'warn' },
  info: { word: 'worth a look', tone: 'accent' },
};

/** Labels that look wrong, and why. Enter opens one, Space goes to the next. */
export function Suspicions({ project }: PageProps) {
  const checks = api.useQuery('get', '/api/projects/{project}/label-checks', { params: { path: { project } } });
  return (
    <Loaded query={checks}>
      {(list) =>
        list.length === 0 ? (
          <Card>
            <EmptyState
              actions={
                <ButtonLink kind="primary" to={pageUrl(project, 'train')}>
                  Train
                </ButtonLink>
              }
              icon={CircleCheck}
              title="No label looks wrong"
            >
              Left and right, distances and doubles were looked at in every labelled frame.
            </EmptyState>
          </Card>
        ) : (
          <SuspicionList list={list} project={project} />
        )
      }
    </Loaded>
  );
}

function SuspicionList({ list, project }: { list: readonly Suspicion[]; project: string }) {
  const [, go] = useLocation();
  const rows = useRef<HTMLUListElement>(null);
  const onKeyDown = (event: KeyboardEvent, index: number, item: Suspicion) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === 'Enter') go(urlOf(project, item));
    else if (event.key === ' ' || event.key === 'ArrowDown') focusRow(index + 1);
    else if (event.key === 'ArrowUp') focusRow(index - 1);
    else return;
    event.preventDefault();
  };
  const focusRow = (index: number) => {
    const row = rows.current?.children[(index + list.length) % list.length];
    if (row instanceof HTMLElement) row.focus();
  };
  return (
    <Card
      isFlush
      text={
        <>
          <KeyHint chord="Enter" /> opens one, <KeyHint chord="Space" /> goes to the next.
        </>
      }
      title={plural(list.length, 'label') + (list.length === 1 ? ' looks wrong' : ' look wrong')}
    >
      <ul ref={rows}>
        {list.map((item, index) => (
          <li
            className="suspicion"
            key={`${item.video} ${item.frame} ${item.code} ${item.keypoints.join()}`}
            onKeyDown={(event) => onKeyDown(event, index, item)}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: rows are gone through with Space and opened with Enter
            tabIndex={0}
          >
            <Picture
              alt=""
              className="suspicion__picture"
              src={frameUrl(project, item.video, item.frame, { width: 240 })}
            />
            <div className="break-words">
              <div className="row">
                <Badge tone={SEVERITIES[item.severity].tone}>{SEVERITIES[item.severity].word}</Badge>
                <span className="strong">{item.keypoints.join(', ')}</span>
                <span className="soft small">
                  {item.video}, frame {item.frame}
                </span>
              </div>
              <p>{sentence(item.message)}</p>
              {item.hint && <p className="soft small">{sentence(item.hint)}</p>}
            </div>
            <ButtonLink size="sm" to={urlOf(project, item)}>
              Open
            </ButtonLink>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function urlOf(project: string, { video, frame }: Suspicion): string {
  return pageUrl(project, 'label', { video, frame });
}
