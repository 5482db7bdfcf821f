import { Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { client } from '../../api/client';
import type { Job } from '../../api/jobStream';
import { dataOf } from '../../api/useAction';
import { hasEnded, useJob } from '../../app/jobs';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { titleOf } from '../../components/JobCard';
import { Problem } from '../../components/Problem';

const LIVE_MS = 2_000;

/** The log of a job, which grows while it runs. */
export function LogDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const current = useJob(job.id) ?? job;
  const { text, error } = useLog(job.id, !hasEnded(current));
  const end = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (text) end.current?.scrollTo({ top: end.current.scrollHeight });
  }, [text]);
  return (
    <Dialog
      actions={
        <>
          <Button icon={Copy} onClick={() => void navigator.clipboard?.writeText(text)}>
            Copy
          </Button>
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </>
      }
      isWide
      onClose={onClose}
      text="What the task wrote while it ran; of use when you ask somebody for help."
      title={`Log: ${titleOf(job)}`}
    >
      {error ? <Problem error={error} /> : null}
      <pre className="log" ref={end}>
        {text || 'Nothing was written yet.'}
      </pre>
    </Dialog>
  );
}

function useLog(job: string, isLive: boolean): { text: string; error: unknown } {
  const [text, setText] = useState('');
  const [error, setError] = useState<unknown>(null);
  const next = useRef(0);
  useEffect(() => {
    let isOver = false;
    const read = async () => {
      try {
        const part = await dataOf(
          client.GET('/api/jobs/{job}/log', { params: { path: { job }, query: { after_byte: next.current } } }),
        );
        if (isOver || part.next_byte === next.current) return;
        next.current = part.next_byte;
        setText((old) => old + part.text);
      } catch (problem) {
        if (!isOver) setError(problem);
      }
    };
    void read();
    const timer = isLive ? window.setInterval(read, LIVE_MS) : undefined;
    return () => {
      isOver = true;
      window.clearInterval(timer);
    };
  }, [job, isLive]);
  return { text, error };
}
