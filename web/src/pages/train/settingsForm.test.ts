import { expect, test } from 'vitest';
import { fieldsOf, labelOf } from './settingsForm';

const SCHEMA = {
  $defs: {
    Augmentation: { properties: { scale: { type: 'number', default: 1.28, minimum: 1, maximum: 3 } }, type: 'object' },
  },
  properties: {
    schema_version: { type: 'integer', default: 1 },
    device: { enum: ['auto', 'cpu'], type: 'string', default: 'auto' },
    crop_side: { anyOf: [{ type: 'integer', minimum: 64 }, { type: 'null' }], default: null },
    flip: { anyOf: [{ type: 'boolean' }, { const: 'auto', type: 'string' }], default: 'auto' },
    augmentation: { $ref: '#/$defs/Augmentation', default: { scale: 1.28 } },
  },
};

test('settings become fields, also those of groups; what is set elsewhere does not', () => {
  expect(fieldsOf(SCHEMA).map(({ name, kind }) => [name, kind])).toEqual([
    ['device', 'choice'],
    ['crop_side', 'integer'],
    ['flip', 'switch'],
    ['augmentation.scale', 'number'],
  ]);
});

test('limits and defaults are known', () => {
  const [device, side, , scale] = fieldsOf(SCHEMA);
  expect(device?.choices).toEqual(['auto', 'cpu']);
  expect([side?.minimum, side?.usual]).toEqual([64, 'auto']);
  expect([scale?.minimum, scale?.maximum, scale?.usual]).toEqual([1, 3, '1.28']);
});

test('names are words', () => {
  expect(labelOf('time_limit_minutes')).toBe('Time limit (minutes)');
});
