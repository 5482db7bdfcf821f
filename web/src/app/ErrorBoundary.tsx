import { RotateCcw } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { explain } from '../api/errors';
import { Button } from '../components/Button';
import { Callout } from '../components/Callout';

interface State {
  error: unknown;
}

/** A page that fails says so, and the rest of the application stays usable. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    const { message, hint } = explain(this.state.error);
    return (
      <div className="page">
        <Callout
          actions={
            <Button icon={RotateCcw} onClick={() => window.location.reload()} size="sm">
              Load again
            </Button>
          }
          kind="bad"
          title="This page could not be shown."
        >
          {message} {hint ?? 'Load it again; what was saved is not lost.'}
        </Callout>
      </div>
    );
  }
}
