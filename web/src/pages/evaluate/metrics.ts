/** The figures of an evaluation, as `marey evaluate --json` writes them, read with care: they come as plain JSON. */

export type PartName = 'train' | 'validation' | 'test';

export interface Errors {
  nPoints: number;
  mean: number | null;
  median: number | null;
  rmse: number | null;
  p95: number | null;
  /** Share of points closer than a distance: "5px", "0.1ref". */
  pck: Readonly<Record<string, number | null>>;
}

export interface Reliability {
  confidence: number[];
  accuracy: number[];
  count: number[];
  expectedCalibrationError: number | null;
}

/** How many animals were found, where there may be several. */
export interface AnimalCounts {
  there: number;
  found: number;
  missed: number;
  /** Found where nobody is. */
  extra: number;
  oksMap: number | null;
}

export interface PartFigures extends Errors {
  part: PartName;
  nFrames: number;
  meanInterval: [number, number] | null;
  coverage90: number | null;
  perKeypoint: ReadonlyMap<string, Errors>;
  perVideo: ReadonlyMap<string, Errors & { nFrames: number }>;
  reliability: Reliability | null;
  /** Null where there is one animal, which is always found. */
  animals: AnimalCounts | null;
}

type Json = Readonly<Record<string, unknown>>;

const PARTS: readonly PartName[] = ['test', 'validation', 'train'];

/** The parts that were evaluated, the test first. */
export function partsOf(metrics: Json): PartFigures[] {
  return PARTS.flatMap((part) => {
    const figures = metrics[part];
    return isJson(figures) ? [partOf(part, figures)] : [];
  });
}

export function numberIn(json: Json, name: string): number | null {
  const value = json[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function partOf(part: PartName, json: Json): PartFigures {
  const intervals = json['intervals_95'];
  const mean = isJson(intervals) ? numbersIn(intervals, 'mean_error_px') : [];
  const [low, high] = mean;
  return {
    ...errorsOf(json),
    part,
    nFrames: numberIn(json, 'n_frames') ?? 0,
    meanInterval: low !== undefined && high !== undefined ? [low, high] : null,
    coverage90: numberIn(json, 'interval_coverage_90'),
    perKeypoint: entriesOf(json['per_keypoint'], errorsOf),
    perVideo: entriesOf(json['per_video'], (row) => ({ ...errorsOf(row), nFrames: numberIn(row, 'n_frames') ?? 0 })),
    reliability: reliabilityOf(json['reliability']),
    animals: animalsOf(json),
  };
}

function animalsOf(json: Json): AnimalCounts | null {
  const names = ['n_true_instances', 'n_matched_instances', 'n_missed_instances', 'n_extra_instances'];
  const [there, found, missed, extra] = names.map((name) => numberIn(json, name));
  if (there == null || found == null || missed == null || extra == null) return null;
  return { there, found, missed, extra, oksMap: numberIn(json, 'oks_map') };
}

function errorsOf(json: Json): Errors {
  const percentiles = json['percentiles_px'];
  const pck = json['pck'];
  return {
    nPoints: numberIn(json, 'n_points') ?? 0,
    mean: numberIn(json, 'mean_error_px'),
    median: numberIn(json, 'median_error_px'),
    rmse: numberIn(json, 'rmse_px'),
    p95: isJson(percentiles) ? numberIn(percentiles, '95') : null,
    pck: isJson(pck) ? Object.fromEntries(Object.keys(pck).map((name) => [name, numberIn(pck, name)])) : {},
  };
}

function reliabilityOf(value: unknown): Reliability | null {
  if (!isJson(value)) return null;
  return {
    confidence: numbersIn(value, 'confidence'),
    accuracy: numbersIn(value, 'accuracy'),
    count: numbersIn(value, 'count'),
    expectedCalibrationError: numberIn(value, 'expected_calibration_error'),
  };
}

function entriesOf<Value>(value: unknown, read: (json: Json) => Value): ReadonlyMap<string, Value> {
  const rows = isJson(value) ? Object.entries(value) : [];
  return new Map(rows.flatMap(([name, row]) => (isJson(row) ? [[name, read(row)] as const] : [])));
}

function numbersIn(json: Json, name: string): number[] {
  const value = json[name];
  return Array.isArray(value) ? value.filter((item): item is number => typeof item === 'number') : [];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
