/** The settings of a training as a flat list of fields, read from their JSON schema. */

import { capitalised } from '../../components/format';

interface JsonSchema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  properties?: Record<string, JsonSchema>;
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
}

export interface SettingField {
  /** As the server takes it: "augmentation.scale". */
  name: string;
  label: string;
  description: string;
  kind: 'number' | 'integer' | 'text' | 'choice' | 'switch';
  choices: string[];
  /** What it is when nothing is typed in, in words. */
  usual: string;
  minimum?: number;
  maximum?: number;
}

export type SettingValue = string | number | boolean;

/** Set elsewhere on the page, or not for people. */
const ELSEWHERE = new Set(['schema_version', 'preset']);
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  px: '(px)',
  gb: '(GB)',
  minutes: '(minutes)',
  degrees: '(degrees)',
  ema: 'EMA',
  gpus: 'GPUs',
  n: 'number of',
};

export function fieldsOf(schema: unknown): SettingField[] {
  const root = schema as JsonSchema;
  return flatten(root, root, '');
}

function flatten(schema: JsonSchema, root: JsonSchema, prefix: string): SettingField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, given]) => {
    const property = follow(given, root);
    if (prefix === '' && ELSEWHERE.has(name)) return [];
    if (property.properties) return flatten(property, root, `${name}.`);
    const field = toField(prefix + name, name, property, root);
    return field ? [field] : [];
  });
}

function follow(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref?.split('/').at(-1);
  return name ? { ...root.$defs?.[name], ...schema } : schema;
}

function toField(path: string, name: string, schema: JsonSchema, root: JsonSchema): SettingField | null {
  const options = (schema.anyOf ?? [schema]).map((option) => follow(option, root));
  const words = options.flatMap((option) => option.enum ?? (option.const === undefined ? [] : [option.const]));
  const typed = options.find(
    (option) => option.type && option.type !== 'null' && !option.enum && option.const === undefined,
  );
  const base = {
    name: path,
    label: labelOf(name),
    description: schema.description ?? '',
    choices: words.map(String),
    usual: usualOf(schema.default),
    minimum: typed?.minimum ?? typed?.exclusiveMinimum,
    maximum: typed?.maximum ?? typed?.exclusiveMaximum,
  };
  if (!typed) return words.length > 0 ? { ...base, kind: 'choice' } : null;
  if (typed.type === 'boolean') return { ...base, kind: 'switch' };
  if (typed.type === 'integer') return { ...base, kind: 'integer' };
  if (typed.type === 'number') return { ...base, kind: 'number' };
  return { ...base, kind: 'text' };
}

function usualOf(value: unknown): string {
  if (value === null || value === undefined) return 'auto';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}

/** "crop_side" → "Crop side"; "noise_px" → "Noise (px)". */
export function labelOf(name: string): string {
  const words = name.split('_').map((word) => ABBREVIATIONS[word] ?? word);
  const text = words.join(' ');
  return capitalised(text);
}
