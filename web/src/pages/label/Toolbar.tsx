/** Where one is, where one can go, and how the picture looks. */

import {
  ChevronLeft,
  ChevronRight,
  ChevronsRight,
  Copy,
  Flag,
  Keyboard,
  Maximize,
  Redo2,
  Repeat,
  SlidersHorizontal,
  Sparkles,
  Undo2,
  ZoomIn,
} from 'lucide-react';
import { useId, useState } from 'react';
import { useFrameTimes } from '../../api/frameTimes';
import { useStore } from '../../app/useStore';
import { Button, IconButton } from '../../components/Button';
import { ColourChoice } from '../../components/ColourChoice';
import { CheckField } from '../../components/Field';
import type { ViewRule } from '../../engine/view';
import type { LabelSession } from './labelSession';
import { DEFAULT_SETTINGS, type LabelSettings } from './settings';

interface Props {
  readonly session: LabelSession;
  readonly settings: LabelSettings;
  readonly nFrames: number | undefined;
  readonly project: string;
  /** There is a choice of colours. */
  readonly hasSeveral: boolean;
  readonly onChange: (part: Partial<LabelSettings>) => void;
  readonly onGoTo: () => void;
  readonly onHelp: () => void;
}

const RULE_WORDS: Readonly<Record<ViewRule, string>> = {
  animal: 'Zoom to the animal',
  keep: 'Keep the zoom',
  fit: 'Whole image',
};

export function Toolbar({ session, settings, nFrames, project, hasSeveral, onChange, onGoTo, onHelp }: Props) {
  const [place, needsReview, isLoop] = useStore(
    session,
    (state) => [state.place, state.needsReview, state.isLoop] as const,
  );
  const timeOf = useFrameTimes(project, place?.video ?? null);
  const seconds = place && timeOf(place.frame);
  const { editor } = session;
  const [canUndo, canRedo] = useStore(editor, (state) => [state.canUndo, state.canRedo] as const);
  return (
    <header className="label-toolbar">
      <div className="label-toolbar__group">
        <IconButton icon={ChevronLeft} label="Previous frame" onClick={() => session.step(-1)} size="sm" />
        <button className="label-place" onClick={onGoTo} title="Go to a frame" type="button">
          <span className="label-place__video truncate">{place?.video ?? '…'}</span>
          <span className="label-place__frame number" data-testid="frame-number">
            {place ? `frame ${place.frame}` : ''}
            {nFrames ? <span className="faint"> / {nFrames - 1}</span> : null}
            {seconds === null ? null : <span className="faint"> · {seconds.toFixed(2)} s</span>}
          </span>
        </button>
        <IconButton icon={ChevronRight} label="Next frame" onClick={() => session.step(1)} size="sm" />
        <IconButton
          icon={ChevronsRight}
          label="Next frame with something to do"
          onClick={() => session.goNextUnlabeled()}
          size="sm"
        />
      </div>
      <div className="label-toolbar__group">
        <IconButton disabled={!canUndo} icon={Undo2} label="Undo" onClick={() => session.undo()} size="sm" />
        <IconButton disabled={!canRedo} icon={Redo2} label="Redo" onClick={() => session.redo()} size="sm" />
      </div>
      <div className="label-toolbar__group">
        <IconButton icon={Sparkles} label="Propose points" onClick={() => void session.prefill()} size="sm" />
        <IconButton icon={Copy} label="Copy from the last frame" onClick={() => void session.copyLast()} size="sm" />
        <IconButton
          aria-pressed={isLoop}
          icon={Repeat}
          label="The same part through all frames"
          onClick={() => session.toggleLoop()}
          size="sm"
        />
        <IconButton
          aria-pressed={needsReview}
          icon={Flag}
          label="Ask for a second look"
          onClick={() => void session.toggleReview()}
          size="sm"
        />
      </div>
      <div className="label-toolbar__group label-toolbar__group--end">
        <IconButton icon={ZoomIn} label="Show the animal" onClick={() => editor.lookAt('animal')} size="sm" />
        <IconButton icon={Maximize} label="Show the whole image" onClick={() => editor.lookAt('image')} size="sm" />
        <Appearance hasSeveral={hasSeveral} onChange={onChange} settings={settings} />
        <IconButton icon={Keyboard} label="Show all keys" onClick={onHelp} size="sm" />
      </div>
    </header>
  );
}

/** The settings of the picture and of what happens on the way to the next frame. */
function Appearance({ settings, hasSeveral, onChange }: Pick<Props, 'settings' | 'hasSeveral' | 'onChange'>) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  const isChanged = settings.brightness !== 100 || settings.contrast !== 100;
  return (
    <fieldset
      aria-label="Picture and settings"
      className="label-popover"
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setIsOpen(false);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') setIsOpen(false);
      }}
    >
      <IconButton
        aria-controls={id}
        aria-expanded={isOpen}
        aria-pressed={isChanged}
        icon={SlidersHorizontal}
        label="Picture and settings"
        onClick={() => setIsOpen(!isOpen)}
        size="sm"
      />
      {isOpen && (
        <div className="label-popover__panel stack" id={id} tabIndex={-1}>
          <Slider label="Brightness" name="brightness" onChange={onChange} settings={settings} />
          <Slider label="Contrast" name="contrast" onChange={onChange} settings={settings} />
          <label className="label-slider">
            <span>Size of points</span>
            <input
              max={2}
              min={0.5}
              onChange={(event) => onChange({ markerSize: event.target.valueAsNumber })}
              step={0.1}
              type="range"
              value={settings.markerSize}
            />
          </label>
          {hasSeveral && <ColourChoice onChoose={(colourBy) => onChange({ colourBy })} value={settings.colourBy} />}
          <Choice
            label="On the next frame"
            onChoose={(viewRule) => onChange({ viewRule })}
            value={settings.viewRule}
            words={RULE_WORDS}
          />
          <CheckField
            checked={settings.showNames}
            label="Names beside the points"
            onChange={(showNames) => onChange({ showNames })}
          />
          <CheckField
            checked={settings.prefillNew}
            hint="They stay hollow until you accept them"
            label="Propose points in new frames"
            onChange={(prefillNew) => onChange({ prefillNew })}
          />
          <Button onClick={() => onChange({ ...DEFAULT_SETTINGS, keys: settings.keys })} size="sm">
            As it was
          </Button>
        </div>
      )}
    </fieldset>
  );
}

function Choice<Value extends string>({
  label,
  words,
  value,
  onChoose,
}: {
  label: string;
  words: Readonly<Record<Value, string>>;
  value: Value;
  onChoose: (value: Value) => void;
}) {
  return (
    <label className="label-slider">
      <span>{label}</span>
      <select className="input input--sm" onChange={(event) => onChoose(event.target.value as Value)} value={value}>
        {Object.entries<string>(words).map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function Slider({
  label,
  name,
  settings,
  onChange,
}: Pick<Props, 'settings' | 'onChange'> & { label: string; name: 'brightness' | 'contrast' }) {
  return (
    <label className="label-slider">
      <span>
        {label} <span className="faint number">{settings[name]} %</span>
      </span>
      <input
        max={300}
        min={40}
        onChange={(event) => onChange({ [name]: event.target.valueAsNumber })}
        step={5}
        type="range"
        value={settings[name]}
      />
    </label>
  );
}
