/** How a person likes the label page; kept in the browser. */

import { readStored, writeStored } from '../../app/storage';
import { COLOUR_RULES, type ColourRule } from '../../engine/colouring';
import type { Overrides } from '../../engine/keymap';
import { VIEW_RULES, type ViewRule } from '../../engine/view';

export interface LabelSettings {
  readonly viewRule: ViewRule;
  readonly showNames: boolean;
  /** Counts where there are several animals. */
  readonly colourBy: ColourRule;
  /** Percent, as CSS filters take them. */
  readonly brightness: number;
  readonly contrast: number;
  /** A multiple of the usual size of points. */
  readonly markerSize: number;
  /** Ask for proposals whenever an unlabelled frame opens. */
  readonly prefillNew: boolean;
  readonly keys: Overrides;
}

export const DEFAULT_SETTINGS: LabelSettings = {
  viewRule: 'animal',
  showNames: false,
  colourBy: 'keypoint',
  brightness: 100,
  contrast: 100,
  markerSize: 1,
  prefillNew: false,
  keys: {},
};

const NAME = 'label.settings';
const LIMITS = { brightness: [40, 300], contrast: [40, 300], markerSize: [0.5, 2] } as const;

export function loadSettings(): LabelSettings {
  try {
    return checked(JSON.parse(readStored(NAME) ?? '{}'));
  } catch {
    return DEFAULT_SETTINGS;
  }
}

export function storeSettings(settings: LabelSettings): void {
  writeStored(NAME, JSON.stringify(settings));
}

/** Only what makes sense, whatever an older version or a person wrote there. */
export function checked(stored: unknown): LabelSettings {
  const { viewRule, showNames, colourBy, brightness, contrast, markerSize, prefillNew, keys } = {
    ...DEFAULT_SETTINGS,
    ...(typeof stored === 'object' ? stored : {}),
  };
  return {
    viewRule: VIEW_RULES.includes(viewRule) ? viewRule : DEFAULT_SETTINGS.viewRule,
    showNames: showNames === true,
    colourBy: COLOUR_RULES.includes(colourBy) ? colourBy : DEFAULT_SETTINGS.colourBy,
    brightness: limited('brightness', brightness),
    contrast: limited('contrast', contrast),
    markerSize: limited('markerSize', markerSize),
    prefillNew: prefillNew === true,
    keys: typeof keys === 'object' && keys !== null ? keys : {},
  };
}

export function limited(name: keyof typeof LIMITS, value: number): number {
  const [low, high] = LIMITS[name];
  return Number.isFinite(value) ? Math.min(Math.max(value, low), high) : DEFAULT_SETTINGS[name];
}

export const imageFilter = ({ brightness, contrast }: LabelSettings): string =>
  brightness === 100 && contrast === 100 ? 'none' : `brightness(${brightness}%) contrast(${contrast}%)`;
