import type { Schemas } from '../../api/client';
import { NumberField, SelectField, TextField } from '../../components/Field';
import { fieldsOf, type SettingField, type SettingValue } from './settingsForm';

export type Settings = Readonly<Record<string, SettingValue>>;

interface AdvancedProps {
  choices: Schemas['TrainingChoices'];
  settings: Settings;
  onChange: (settings: Settings) => void;
}

/** Every setting of a training. What is left empty is as usual. */
export function Advanced({ choices, settings, onChange }: AdvancedProps) {
  const set = (name: string, value: SettingValue | null) => {
    const { [name]: _old, ...others } = settings;
    onChange(value === null || value === '' ? others : { ...others, [name]: value });
  };
  return (
    <details className="advanced">
      <summary>Advanced</summary>
      <p className="soft small">What you leave empty is as usual; the usual value stands in the field.</p>
      <div className="advanced__grid">
        {fieldsOf(choices.settings_schema).map((field) => (
          <SettingInput
            choices={choices}
            field={field}
            key={field.name}
            onChange={(value) => set(field.name, value)}
            value={settings[field.name]}
          />
        ))}
      </div>
    </details>
  );
}

interface SettingInputProps {
  field: SettingField;
  choices: Schemas['TrainingChoices'];
  value: SettingValue | undefined;
  onChange: (value: SettingValue | null) => void;
}

function SettingInput({ field, choices, value, onChange }: SettingInputProps) {
  const hint = field.description || undefined;
  const options =
    field.name === 'device' ? choices.devices : field.name === 'backbone' ? choices.backbones : field.choices;
  if (field.kind === 'switch' || field.kind === 'choice' || field.name === 'backbone') {
    const values = field.kind === 'switch' ? ['true', 'false'] : options;
    return (
      <SelectField
        hint={hint}
        label={field.label}
        onChange={(text) => onChange(text === '' ? null : toValue(field, text))}
        options={[
          { value: '', label: `as usual (${field.usual})` },
          ...values.map((option) => ({ value: option, label: field.kind === 'switch' ? yesOrNo(option) : option })),
        ]}
        value={value === undefined ? '' : String(value)}
      />
    );
  }
  if (field.kind === 'text') {
    return (
      <TextField
        hint={hint}
        label={field.label}
        onChange={onChange}
        placeholder={field.usual}
        value={String(value ?? '')}
      />
    );
  }
  return (
    <NumberField
      hint={hint}
      label={field.label}
      max={field.maximum}
      min={field.minimum}
      onChange={onChange}
      placeholder={field.usual}
      step={field.kind === 'integer' ? 1 : 'any'}
      value={typeof value === 'number' ? value : null}
    />
  );
}

/** Choices come as text: a stride of 4 is a number again, and yes is true. */
function toValue(field: SettingField, text: string): SettingValue {
  if (field.kind === 'switch') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}

function yesOrNo(text: string): string {
  return text === 'true' ? 'yes' : 'no';
}
