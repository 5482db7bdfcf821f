import { expect, test } from 'vitest';
import { toMetadata, toNotes } from './NotesEditor';

test('notes go round', () => {
  const metadata = { treatment: 'saline', day: 3, blind: true };
  expect(toMetadata(toNotes(metadata))).toEqual(metadata);
});

test('names of animals that look like numbers with leading zeros stay text', () => {
  expect(toMetadata([{ id: 0, name: 'animal', value: '007' }])).toEqual({ animal: '007' });
  expect(toMetadata([{ id: 0, name: 'x', value: '-0.5' }])).toEqual({ x: -0.5 });
});

test('a column without a name is none', () => {
  expect(toMetadata([{ id: 0, name: ' ', value: '1' }])).toEqual({});
});
