import { expect, test } from 'vitest';
import { partsOf } from './metrics';

const TEST = {
  n_frames: 24,
  n_points: 240,
  mean_error_px: 1.5,
  median_error_px: 1,
  rmse_px: 2,
  percentiles_px: { '95': 4 },
  pck: { '5px': 0.98 },
  intervals_95: { mean_error_px: [1.2, 1.8] },
  per_keypoint: { snout: { n_points: 24, mean_error_px: null } },
  per_video: { m1: { n_frames: 24, mean_error_px: 1.5 } },
  reliability: null,
};

test('the test comes first, and what is not there stays away', () => {
  const parts = partsOf({ run: 'first', train: TEST, test: TEST });
  expect(parts.map(({ part }) => part)).toEqual(['test', 'train']);
});

test('figures are read, missing ones are null', () => {
  const [test] = partsOf({ test: TEST });
  expect(test?.meanInterval).toEqual([1.2, 1.8]);
  expect(test?.p95).toBe(4);
  expect(test?.pck['5px']).toBe(0.98);
  expect(test?.perKeypoint.get('snout')?.mean).toBeNull();
  expect(test?.perVideo.get('m1')?.nFrames).toBe(24);
  expect(test?.coverage90).toBeNull();
  expect(test?.reliability).toBeNull();
});

test('animals are counted where there may be several', () => {
  const counts = { n_true_instances: 91, n_matched_instances: 90, n_missed_instances: 1, n_extra_instances: 3 };
  const [one, several] = [partsOf({ test: TEST })[0], partsOf({ test: { ...TEST, ...counts, oks_map: 0.9 } })[0]];
  expect(one?.animals).toBeNull();
  expect(several?.animals).toEqual({ there: 91, found: 90, missed: 1, extra: 3, oksMap: 0.9 });
});

test('an evaluation of nothing has no parts', () => {
  expect(partsOf({})).toEqual([]);
});
