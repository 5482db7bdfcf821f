/**
 * The colour and the shape of every keypoint. Colours alone do not tell many parts apart, so shapes go along.
 *
 * The colours are those of labelled videos: Okabe and Ito (2008) while they suffice, and beyond that a ramp of rising
 * lightness in OkLab (Ottosson 2020), which every kind of colour vision can order. Animals need neighbours that
 * differ: after the colours of Okabe and Ito, theirs go round the hues by the golden angle, and through three
 * lightnesses for those who see fewer hues.
 */

export const SHAPES = ['circle', 'square', 'diamond', 'triangle', 'hexagon', 'drop'] as const;
export type Shape = (typeof SHAPES)[number];

const OKABE_ITO = ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#f0e442', '#d55e00', '#0072b2'];

const RAMP_LIGHTNESS = [0.42, 0.93];
const RAMP_HUE_DEGREES = [275, 0];
const RAMP_CHROMA = [0.17, 0.13, 0.13, 0.15, 0.08];

/** `n` colours as #rrggbb. */
export function coloursFor(n: number): string[] {
  if (n <= OKABE_ITO.length) return OKABE_ITO.slice(0, n);
  return Array.from({ length: n }, (_, i) => rampColour(i / (n - 1)));
}

const ROUND_START_DEGREES = 120;
const ROUND_LIGHTNESS = [0.85, 0.6, 0.45];
const ROUND_CHROMA = [0.1, 0.15];
const GOLDEN_ANGLE_DEGREES = 137.50776405003785;

/** `n` colours of animals: neighbours differ, and a colour does not depend on how many there are. */
export function coloursForAnimals(n: number): string[] {
  return Array.from({ length: n }, (_, i) => OKABE_ITO[i] ?? roundColour(i - OKABE_ITO.length));
}

interface Coloured {
  readonly keypoints: readonly string[];
  /** One for every keypoint: the usual one where nobody chose another. */
  readonly colours: Readonly<Record<string, string>>;
}

/** The colours of a result's keypoints: chosen in its project, else the usual ones for as many as the result has. */
export function coloursOf(keypoints: readonly string[], project: Coloured | undefined): string[] {
  const usual = coloursFor(project?.keypoints.length ?? 0);
  const chosen = new Map(
    project?.keypoints.flatMap((name, k) => {
      const colour = project.colours[name];
      return colour === undefined || colour === usual[k] ? [] : [[name, colour] as const];
    }),
  );
  return coloursFor(keypoints.length).map((colour, k) => chosen.get(keypoints[k] ?? '') ?? colour);
}

/** Contrast that lines need to be seen (WCAG 1.4.11). */
const LEAST_CONTRAST = 3;
const MIX = 0.06;

/** The same colours, darker or lighter where a thin line of theirs would be lost on the ground; all as #rrggbb. */
export function linesOn(ground: string, colours: readonly string[]): string[] {
  const base = luminance(channels(ground));
  const towards = base > 0.18 ? 0 : 1;
  return colours.map((colour) => {
    let values = channels(colour);
    if (contrast(luminance(values), base) >= LEAST_CONTRAST) return colour;
    while (contrast(luminance(values), base) < LEAST_CONTRAST) {
      values = values.map((value) => value + (towards - value) * MIX);
    }
    return `#${values.map((value) => byteOf(value)).join('')}`;
  });
}

/** Black or white, whichever is read better on a colour. */
export function inkOn(colour: string): string {
  const value = luminance(channels(colour));
  return contrast(value, 0) > contrast(value, 1) ? '#000000' : '#ffffff';
}

/** How much two colours differ in lightness (WCAG 2, from 1 to 21). */
export function contrastOf(one: string, other: string): number {
  return contrast(luminance(channels(one)), luminance(channels(other)));
}

/** Red, green and blue, each from 0 to 1 as they are written, not as light; built style sheets shorten #ffffff to #fff. */
function channels(colour: string): number[] {
  const digits = /^#(?:([\da-f])([\da-f])([\da-f])|([\da-f]{2})([\da-f]{2})([\da-f]{2}))$/i.exec(colour)?.slice(1);
  if (!digits) throw new Error(`Expected a colour as #rgb or #rrggbb, got “${colour}”`);
  return digits.filter(Boolean).map((part) => Number.parseInt(part.length === 1 ? part + part : part, 16) / 255);
}

function luminance(values: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = values.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: number, other: number): number {
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

function byteOf(value: number): string {
  return Math.round(value * 255)
    .toString(16)
    .padStart(2, '0');
}

export function shapeOf(keypoint: number): Shape {
  return SHAPES[keypoint % SHAPES.length] ?? 'circle';
}

function rampColour(place: number): string {
  const hue = (between(RAMP_HUE_DEGREES, place) * Math.PI) / 180;
  const chroma = between(RAMP_CHROMA, place);
  return hex(oklabToRgb(between(RAMP_LIGHTNESS, place), chroma * Math.cos(hue), chroma * Math.sin(hue)));
}

/** The colour at a place, counted from 0, on the way round the hues. */
function roundColour(place: number): string {
  const hue = ((ROUND_START_DEGREES + GOLDEN_ANGLE_DEGREES * place) * Math.PI) / 180;
  const lightness = ROUND_LIGHTNESS[place % ROUND_LIGHTNESS.length] ?? 0;
  const chroma = ROUND_CHROMA[place % ROUND_CHROMA.length] ?? 0;
  return hex(oklabToRgb(lightness, chroma * Math.cos(hue), chroma * Math.sin(hue)));
}

/** Linear interpolation in a list of evenly spaced values. */
function between(values: readonly number[], place: number): number {
  const at = place * (values.length - 1);
  const before = Math.min(Math.floor(at), values.length - 2);
  const [a = 0, b = 0] = [values[before], values[before + 1]];
  return a + (b - a) * (at - before);
}

function oklabToRgb(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function hex(linear: readonly number[]): string {
  const digits = linear.map((value) => {
    const clipped = Math.min(Math.max(value, 0), 1);
    const encoded = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
    return byteOf(encoded);
  });
  return `#${digits.join('')}`;
}
