import { beforeEach, expect, test } from 'vitest';
import { checked, DEFAULT_SETTINGS, loadSettings, storeSettings } from './settings';

beforeEach(() => window.localStorage.clear());

test('colours are by keypoint until somebody chooses, and the choice is kept', () => {
  expect(loadSettings().colourBy).toBe('keypoint');
  storeSettings({ ...DEFAULT_SETTINGS, colourBy: 'animal' });
  expect(loadSettings()).toEqual({ ...DEFAULT_SETTINGS, colourBy: 'animal' });
});

test.each([[null], ['text'], [{ colourBy: 'mood', viewRule: 7, brightness: 'much', keys: null }]])(
  'what makes no sense becomes what is usual: %j',
  (stored) => {
    expect(checked(stored)).toEqual(DEFAULT_SETTINGS);
  },
);
