import { expect, test } from 'vitest';
import { bytes, clock, count, duration, measure, percent, plural, when } from './format';

test('thousands are set apart', () => {
  expect(count(1_234_567)).toBe('1,234,567');
  expect(count(999)).toBe('999');
});

test('one is not many', () => {
  expect(plural(1, 'frame')).toBe('1 frame');
  expect(plural(0, 'frame')).toBe('0 frames');
  expect(plural(2, 'box', 'boxes')).toBe('2 boxes');
});

test('what is not known is a dash', () => {
  expect(measure(null, 'px')).toBe('–');
  expect(measure(Number.NaN)).toBe('–');
  expect(percent(undefined)).toBe('–');
  expect(duration(null)).toBe('–');
});

test('numbers carry their unit', () => {
  expect(measure(2.345, 'px')).toBe('2.3\u2009px');
  expect(percent(0.125)).toBe('13\u2009%');
  expect(bytes(1_536_000)).toBe('1.5 MB');
  expect(bytes(12)).toBe('12 B');
});

test('durations show their two largest units', () => {
  expect([0.4, 42, 200, 1200, 3600, 5400].map(duration)).toEqual([
    '0.4 s',
    '42 s',
    '3 min 20 s',
    '20 min',
    '1 h',
    '1 h 30 min',
  ]);
});

test('times within a video', () => {
  expect(clock(75.5)).toBe('1:15.5');
  expect(clock(3601)).toBe('1:00:01.0');
});

test('days near today have names', () => {
  const now = new Date(2026, 2, 3, 12);
  expect(when(new Date(2026, 2, 3, 1).toISOString(), now)).toMatch(/^today/);
  expect(when(new Date(2026, 2, 2, 23).toISOString(), now)).toMatch(/^yesterday/);
  expect(when('', now)).toBe('–');
});
