import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from 'react';
import './Field.css';
import { classes } from './classes';

interface FieldProps {
  label: ReactNode;
  /** What it is for, in a sentence. */
  hint?: ReactNode;
  error?: ReactNode;
  className?: string;
  children: (props: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode;
}

/** A label, an input and a hint that belong together. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={classes('field', className)}>
      <label className="field__label" htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        ...(note ? { 'aria-describedby': `${id}-note` } : {}),
        ...(error ? { 'aria-invalid': true } : {}),
      })}
      {note && (
        <p className={error ? 'field__error' : 'field__hint'} id={`${id}-note`}>
          {note}
        </p>
      )}
    </div>
  );
}

type Described = Pick<FieldProps, 'label' | 'hint' | 'error'>;

interface TextFieldProps extends Described, Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  value: string;
  onChange: (value: string) => void;
}

export function TextField({ label, hint, error, value, onChange, className, ...rest }: TextFieldProps) {
  return (
    <Field className={className} error={error} hint={hint} label={label}>
      {(props) => (
        <input
          autoComplete="off"
          spellCheck={false}
          type="text"
          {...rest}
          {...props}
          className="input"
          onChange={(event) => onChange(event.target.value)}
          value={value}
        />
      )}
    </Field>
  );
}

interface NumberFieldProps extends Described, Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  /** Null is an empty field. */
  value: number | null;
  onChange: (value: number | null) => void;
  /** Written behind the number. */
  unit?: string;
}

export function NumberField({ label, hint, error, value, onChange, unit, className, ...rest }: NumberFieldProps) {
  return (
    <Field className={className} error={error} hint={hint} label={unit ? `${label} (${unit})` : label}>
      {(props) => (
        <input
          step="any"
          {...rest}
          {...props}
          className="input number"
          onChange={(event) => {
            const number = event.target.valueAsNumber;
            onChange(Number.isNaN(number) ? null : number);
          }}
          type="number"
          value={value ?? ''}
        />
      )}
    </Field>
  );
}

export interface Option<Value extends string> {
  value: Value;
  label: string;
  isDisabled?: boolean;
}

interface SelectFieldProps<Value extends string>
  extends Described,
    Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange' | 'value'> {
  value: Value;
  onChange: (value: Value) => void;
  options: readonly Option<Value>[];
}

export function SelectField<Value extends string>({
  label,
  hint,
  error,
  value,
  onChange,
  options,
  className,
  ...rest
}: SelectFieldProps<Value>) {
  return (
    <Field className={className} error={error} hint={hint} label={label}>
      {(props) => (
        <select
          {...rest}
          {...props}
          className="input"
          onChange={(event) => {
            const chosen = options[event.target.selectedIndex];
            if (chosen) onChange(chosen.value);
          }}
          value={value}
        >
          {options.map((option) => (
            <option disabled={option.isDisabled} key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckFieldProps {
  label: ReactNode;
  hint?: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}

export function CheckField({ label, hint, checked, onChange, disabled }: CheckFieldProps) {
  const id = useId();
  return (
    <div className="check">
      <input
        aria-describedby={hint ? `${id}-note` : undefined}
        checked={checked}
        disabled={disabled}
        id={id}
        onChange={(event) => onChange(event.target.checked)}
        type="checkbox"
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p className="field__hint" id={`${id}-note`}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  /** What is chosen, for those who do not see it. */
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  options: ReadonlyArray<{ value: Value; title: ReactNode; text?: ReactNode; isDisabled?: boolean }>;
}

/** Cards of which one is chosen: for choices that need a sentence each. */
export function ChoiceCards<Value extends string>({ label, value, onChange, options }: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset className="choices">
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label className={classes('choice', option.value === value && 'choice--chosen')} key={option.value}>
          <input
            checked={option.value === value}
            className="visually-hidden"
            disabled={option.isDisabled}
            name={name}
            onChange={() => onChange(option.value)}
            type="radio"
          />
          <span className="choice__title">{option.title}</span>
          {option.text && <span className="choice__text">{option.text}</span>}
        </label>
      ))}
    </fieldset>
  );
}

/** A few short options side by side, of which one is chosen. */
export function Segmented<Value extends string>({ label, value, onChange, options }: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset className="segmented">
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label className={classes('segment', option.value === value && 'segment--chosen')} key={option.value}>
          <input
            checked={option.value === value}
            className="visually-hidden"
            disabled={option.isDisabled}
            name={name}
            onChange={() => onChange(option.value)}
            type="radio"
          />
          {option.title}
        </label>
      ))}
    </fieldset>
  );
}
