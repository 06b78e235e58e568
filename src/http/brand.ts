import { checkOptions, type OptionKind, TEXT } from '../options/check-options.js';
import { safePath } from './safe-path.js';

/** Injects the name of the service for people, where the brand of the pages has none; it may be empty. */
export const SERVICE_NAME = Symbol('SERVICE_NAME');

/** How our pages look as a part of your service. Every value has a default, and no style sheet has to be written. */
export interface BrandOptions {
  /**
   * The name of the service: in the header and at the end of every page title.
   * @default the `brand` of the messages
   */
  name?: string;
  /**
   * The path of a logo on your own origin, such as `/logo.svg`. It is shown 2 rem high, beside the name.
   * @default a square with the first letter of the name
   */
  logoUrl?: string;
  /**
   * The colour of buttons, links and focus rings, as `#rrggbb`. Where it would be hard to read, our pages use a darker or
   * lighter shade of it.
   * @default '#1d4ed8'
   */
  colour?: string;
  /**
   * The radius of corners: `0`, or a length in `px` or `rem`.
   * @default '0.5rem'
   */
  radius?: string;
  /**
   * Fonts of the reader's device, as CSS writes them: `Georgia, serif`. Our pages load no fonts.
   * @default 'system-ui, sans-serif'
   */
  font?: string;
}

/** The colours behind text: the paper of the light and of the dark scheme in `otp.css`. */
const LIGHT_PAPER = '#ffffff';
const DARK_PAPER = '#1b1e24';
/** WCAG 2.2 AA for text. */
const READABLE = 4.5;

const COLOUR = /^#[\da-f]{6}$/i;
const LENGTH = /^(0|\d{1,3}(\.\d{1,3})?(px|rem))$/;
const FONTS = /^[\p{L}\d ,'"-]{1,200}$/u;

const matching = (pattern: RegExp, words: string): OptionKind => ({
  is: (value) => typeof value === 'string' && pattern.test(value),
  words,
});

const KINDS: Record<keyof BrandOptions, OptionKind> = {
  name: TEXT,
  logoUrl: {
    is: (value) => typeof value === 'string' && safePath(value, '') === value && value !== '',
    words: 'a path on your own origin, such as /logo.svg',
  },
  colour: matching(COLOUR, 'a colour such as #1d4ed8'),
  radius: matching(LENGTH, '0, or a length such as 8px or 0.5rem'),
  font: matching(FONTS, 'a list of font names such as Georgia, serif'),
};

/** @throws TypeError that names the option, and what it should be */
export const checkBrand = (brand: BrandOptions): void => checkOptions('pages.brand', brand, KINDS);

/** The custom properties of a brand, to follow those of `otp.css`. Empty when the brand has only a name. */
export function brandStyles({ colour, radius, font }: BrandOptions): string {
  const light = [
    ...(colour ? [`--accent:${readableOn(LIGHT_PAPER, colour)}`] : []),
    ...(radius ? [`--radius:${radius}`] : []),
    ...(font ? [`--font:${font}`] : []),
  ];
  const dark = colour
    ? `@media (prefers-color-scheme:dark){:root{--accent:${readableOn(DARK_PAPER, colour)}}}`
    : '';
  return light.length > 0 ? `:root{${light.join(';')}}${dark}` : '';
}

type Rgb = [number, number, number];

const rgbOf = (colour: string): Rgb =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as Rgb;
const hexOf = (rgb: Rgb): string =>
  `#${rgb.map((each) => Math.round(each).toString(16).padStart(2, '0')).join('')}`;

/** The relative luminance of WCAG. */
function luminance(colour: string): number {
  const [red, green, blue] = rgbOf(colour).map((each) => {
    const share = each / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast ratio of WCAG, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** The colour, or the nearest shade of it that can be read on this paper. */
function readableOn(paper: string, colour: string): string {
  const end = luminance(paper) > 0.5 ? 0 : 255;
  for (let share = 0; share <= 1; share += 0.05) {
    const shade = hexOf(rgbOf(colour).map((each) => each + (end - each) * share) as Rgb);
    if (contrast(shade, paper) >= READABLE) return shade;
  }
  return hexOf([end, end, end]);
}
