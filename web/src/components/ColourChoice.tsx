import { COLOUR_RULES, type ColourRule } from '../engine/colouring';
import './Field.css';

const WORDS: Readonly<Record<ColourRule, string>> = {
  keypoint: 'By keypoint',
  animal: 'By animal',
};

/** Which colour points have. */
export function ColourChoice({ value, onChoose }: { value: ColourRule; onChoose: (value: ColourRule) => void }) {
  return (
    <label className="field field--sm">
      <span>Colours</span>
      <select
        aria-label="Colours"
        className="input input--sm"
        onChange={(event) => onChoose(event.target.value as ColourRule)}
        value={value}
      >
        {COLOUR_RULES.map((rule) => (
          <option key={rule} value={rule}>
            {WORDS[rule]}
          </option>
        ))}
      </select>
    </label>
  );
}
