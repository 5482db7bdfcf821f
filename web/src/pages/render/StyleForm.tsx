import { CheckField, Field, NumberField, SelectField } from '../../components/Field';
import { percent } from '../../components/format';
import type { RenderStyle } from './style';

interface StyleFormProps {
  style: RenderStyle;
  hasIndividuals: boolean;
  onChange: (style: RenderStyle) => void;
}

const NAMES = [
  { value: 'legend', label: 'in a legend' },
  { value: 'points', label: 'beside every point' },
  { value: 'none', label: 'not at all' },
] as const;
const COLOURS = [
  { value: 'auto', label: 'as it suits' },
  { value: 'keypoint', label: 'one for each point' },
  { value: 'individual', label: 'one for each animal' },
] as const;

export function StyleForm({ style, hasIndividuals, onChange }: StyleFormProps) {
  const set = (part: Partial<RenderStyle>) => onChange({ ...style, ...part });
  return (
    <>
      <SelectField label="Names" onChange={(names) => set({ names })} options={NAMES} value={style.names} />
      {hasIndividuals && (
        <SelectField
          label="Colours"
          onChange={(colour_by) => set({ colour_by })}
          options={COLOURS}
          value={style.colour_by}
        />
      )}
      <Range
        label="Hide points less sure than"
        max={1}
        onChange={(min_confidence) => set({ min_confidence })}
        step={0.05}
        text={percent(style.min_confidence)}
        value={style.min_confidence}
      />
      <Range
        label="Trail behind every point"
        max={3}
        onChange={(trail_s) => set({ trail_s })}
        step={0.1}
        text={style.trail_s > 0 ? `${style.trail_s.toFixed(1)} s` : 'none'}
        value={style.trail_s}
      />
      <CheckField
        checked={style.skeleton}
        label="Lines between the points"
        onChange={(skeleton) => set({ skeleton })}
      />
      <CheckField checked={style.fade} label="Unsure points are fainter" onChange={(fade) => set({ fade })} />
      <CheckField
        checked={style.error_circles}
        hint="The true place lies inside in 90 % of cases."
        label="Circles of the expected error"
        onChange={(error_circles) => set({ error_circles })}
      />
      <CheckField
        checked={style.follow}
        label="A window that follows the animal"
        onChange={(follow) => set({ follow })}
      />
      <CheckField
        checked={style.show_time}
        label="Frame number and time"
        onChange={(show_time) => set({ show_time })}
      />
      <details className="advanced">
        <summary>Advanced</summary>
        <div className="stack" style={{ paddingTop: 'var(--space-3)' }}>
          <NumberField
            label="Size of the points"
            min={1}
            onChange={(point_radius_px) => set({ point_radius_px })}
            placeholder="by the picture"
            unit="px"
            value={style.point_radius_px ?? null}
          />
          <NumberField
            label="Size of the window that follows"
            min={16}
            onChange={(follow_size_px) => set({ follow_size_px })}
            placeholder="by the animal"
            unit="px"
            value={style.follow_size_px ?? null}
          />
          <NumberField
            hint="0.25 is slow motion."
            label="Speed"
            max={100}
            min={0.01}
            onChange={(speed) => set({ speed: speed && speed > 0 ? speed : 1 })}
            value={style.speed}
          />
          <NumberField
            hint="2 is twice as large as the video."
            label="Size of the video"
            max={8}
            min={0.1}
            onChange={(scale) => set({ scale: scale && scale > 0 ? scale : 1 })}
            value={style.scale}
          />
        </div>
      </details>
    </>
  );
}

interface RangeProps {
  label: string;
  text: string;
  value: number;
  max: number;
  step: number;
  onChange: (value: number) => void;
}

function Range({ label, text, value, max, step, onChange }: RangeProps) {
  return (
    <Field
      label={
        <>
          {label} <span className="range-value">{text}</span>
        </>
      }
    >
      {(props) => (
        <input
          {...props}
          max={max}
          min={0}
          onChange={(event) => onChange(event.target.valueAsNumber)}
          step={step}
          type="range"
          value={value}
        />
      )}
    </Field>
  );
}
