/** Smoothing, first as a preview over the traces, then for the whole file. */

import { useState } from 'react';
import { client } from '../../api/client';
import { explain } from '../../api/errors';
import { useStore } from '../../app/useStore';
import { Button } from '../../components/Button';
import { useToast } from '../../components/Toast';
import { PREVIEW_ROWS, type ResultSession, type SmoothingSettings } from './resultSession';

const METHODS = {
  kalman: 'Kalman: follows the motion',
  savgol: 'Savitzky–Golay: keeps peaks',
  median: 'Median: takes out jumps',
} as const;

const AT_FIRST: SmoothingSettings = { method: 'kalman', min_confidence: 0.3, max_gap: 5, window: 7, polyorder: 2 };

export function SmoothingPanel({ session }: { session: ResultSession }) {
  const [settings, setSettings] = useState(AT_FIRST);
  const [isBusy, setIsBusy] = useState(false);
  const isShown = useStore(session, (state) => state.smoothed !== null);
  const toast = useToast();
  const { project, detail } = session.data;

  const attempt = async (work: () => Promise<unknown>) => {
    setIsBusy(true);
    try {
      await work();
    } catch (error) {
      const { message, hint } = explain(error);
      toast.warn(hint ? `${message} ${hint}` : message);
    }
    setIsBusy(false);
  };
  const change = (part: Partial<SmoothingSettings>) => {
    const next = { ...settings, ...part };
    setSettings(next);
    if (isShown) void attempt(() => session.previewSmoothing(next));
  };
  const smoothAll = () =>
    attempt(async () => {
      await client.POST('/api/projects/{project}/results/{result}/smooth', {
        params: { path: { project, result: detail.id } },
        body: { ...settings, overwrite: false },
      });
      toast.say('Smoothing the whole file: it appears among the results when it is done.');
    });

  return (
    <section aria-label="Smoothing" className="stack result-smoothing">
      <h2>Smoothing</h2>
      <label className="result-field">
        <span>Method</span>
        <select
          className="input input--sm"
          onChange={(event) => change({ method: event.target.value as SmoothingSettings['method'] })}
          value={settings.method}
        >
          {Object.entries(METHODS).map(([method, words]) => (
            <option key={method} value={method}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <NumberInput
        label="Ignore below confidence"
        max={1}
        min={0}
        onChange={(min_confidence) => change({ min_confidence })}
        step={0.05}
        value={settings.min_confidence}
      />
      <NumberInput
        label="Fill gaps up to (frames)"
        max={1000}
        min={0}
        onChange={(max_gap) => change({ max_gap })}
        step={1}
        value={settings.max_gap}
      />
      {settings.method !== 'kalman' && (
        <NumberInput
          label="Window (frames)"
          max={501}
          min={3}
          onChange={(window) => change({ window })}
          step={2}
          value={settings.window}
        />
      )}
      <div className="row" style={{ '--gap': '6px' } as React.CSSProperties}>
        <Button
          aria-pressed={isShown}
          isBusy={isBusy}
          onClick={() => (isShown ? session.clearSmoothing() : void attempt(() => session.previewSmoothing(settings)))}
          size="sm"
          title={`Around this frame, ${PREVIEW_ROWS} frames at most; nothing is written`}
        >
          {isShown ? 'Hide preview' : 'Preview'}
        </Button>
        <Button disabled={isBusy} kind="primary" onClick={() => void smoothAll()} size="sm">
          Smooth all
        </Button>
      </div>
    </section>
  );
}

interface NumberProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
}

function NumberInput({ label, onChange, ...rest }: NumberProps) {
  return (
    <label className="result-field">
      <span>{label}</span>
      <input
        className="input input--sm number"
        onChange={(event) => event.target.checkValidity() && onChange(event.target.valueAsNumber)}
        type="number"
        {...rest}
      />
    </label>
  );
}
