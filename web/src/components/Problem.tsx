import { RotateCcw } from 'lucide-react';
import type { ReactNode } from 'react';
import { explain } from '../api/errors';
import { Button } from './Button';
import { Callout } from './Callout';
import { Loading } from './Progress';

interface ProblemProps {
  error: unknown;
  /** What was tried: "The videos could not be listed." */
  title?: string;
  onRetry?: () => void;
}

/** What went wrong and what to do next. */
export function Problem({ error, title, onRetry }: ProblemProps) {
  const { message, hint } = explain(error);
  return (
    <Callout
      actions={
        onRetry && (
          <Button icon={RotateCcw} onClick={onRetry} size="sm">
            Try again
          </Button>
        )
      }
      kind="bad"
      title={title ?? message}
    >
      {title && `${message} `}
      {hint}
    </Callout>
  );
}

interface Query<Data> {
  data: Data | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** What was asked for; before it comes a sign of life, and instead of it what went wrong. */
export function Loaded<Data>({ query, children }: { query: Query<Data>; children: (data: Data) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Problem error={query.error} onRetry={() => query.refetch()} />;
  return <Loading />;
}
