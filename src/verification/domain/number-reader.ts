import { Metadata } from 'libphonenumber-js/core';
import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
  type PhoneNumber as ParsedNumber,
} from 'libphonenumber-js/max';
import numberingPlans from 'libphonenumber-js/max/metadata';
import { toAsciiDigits } from './digits.js';
import { changeOf, type NumberChange, presentDigits } from './national-changes.js';

/**
 * Why a number is refused. The words for people are in the catalogue, and say what to do:
 *
 * - `no-number`: it is no valid number, although its country is known.
 * - `country-needed`: nothing says which country it is of, or it could be of several.
 * - `not-in-country`: the chosen country has no such number.
 * - `two-readings`: the digits are two different numbers, depending on where the exit code ends.
 * - `landline`: it cannot receive a text message, but a call.
 * - `no-messages`: premium, toll-free, pager and shared-cost numbers receive neither.
 * - `changed-…`: an old spelling; the words say what has changed in the country.
 */
export type NumberDefect =
  | 'no-number'
  | 'country-needed'
  | 'not-in-country'
  | 'two-readings'
  | 'landline'
  | 'no-messages'
  | NumberChange;

/** Which country a number without `+` is of. Both are ISO 3166-1 alpha-2. */
export interface NumberCountry {
  /** The person's choice. */
  country?: string | undefined;
  /** The application's, for numbers that come without a choice. */
  defaultCountry?: string | undefined;
}

/** What was made of a text: one valid number in E.164, or why not. */
type Reading = { e164: string } | { defect: NumberDefect };

const MAX_LENGTH = 64;
/** Fewer digits are no number anywhere, so that it makes no sense to ask for their country. */
const SHORTEST = 5;

/**
 * Reads a typed number. Every way in which it can be understood is tried, and it is accepted only if all of them that give
 * a valid number give the same one: nothing is sent to a country that the person did not name.
 */
export function readNumber(input: string, { country, defaultCountry }: NumberCountry): Reading {
  const text = input.length > MAX_LENGTH ? null : toPlainText(input);
  if (text === null) return { defect: 'no-number' };
  const digits = text.replace(/\D/g, '');
  if (text.startsWith('+')) return toReading([international(digits)], changeAbroad(digits) ?? 'no-number');

  const region = regionOf(country ?? defaultCountry);
  // Somebody chose a country that has no numbering plan, for example Antarctica.
  if (country !== undefined && !region) return { defect: 'not-in-country' };
  const found = [
    ...withExitCode(text, digits, region),
    ...(region ? [national(digits, region), withOwnCallingCode(digits, region)] : []),
    ...(country === undefined && text === digits ? [bareE164(digits, region)] : []),
  ];
  const defect = digits.length < SHORTEST ? 'no-number' : country ? 'not-in-country' : 'country-needed';
  return toReading(
    found,
    (region && changeAtHome(digits, region)) ?? defect,
    country ? 'two-readings' : 'country-needed',
  );
}

/** The one number that all readings agree on. */
function toReading(found: (string | null)[], none: NumberDefect, several: NumberDefect = none): Reading {
  const numbers = [...new Set(found.filter((e164) => e164 !== null))];
  if (numbers.length === 1) return { e164: numbers[0]! };
  return { defect: numbers.length === 0 ? none : several };
}

/**
 * The numbers after an exit code: the region's own (`011`, `0011`, `810`), or `00`, which people type everywhere. Some exit
 * codes begin with 00, so the digits can be two numbers. Two things tell which one is meant, if they do not disagree: one
 * is of the region itself, or the spaces are where they belong in one, as in `001 65 9812 3456`.
 */
function withExitCode(text: string, digits: string, region: CountryCode | undefined): string[] {
  const found = exitCodeLengths(digits, region).flatMap((length) => {
    const e164 = international(digits.slice(length));
    return e164 === null ? [] : [{ length, e164, parsed: parsePhoneNumberFromString(e164)! }];
  });
  const own = found.filter(({ parsed }) => region && validNumber(parsed, region));
  const apart = found.filter(({ length, parsed }) => isWrittenApart(text, length, parsed));
  const hinted = new Set([...own, ...(apart.length === 1 ? apart : [])]);
  return (hinted.size === 1 ? [...hinted] : found).map(({ e164 }) => e164);
}

/** The lengths of the exit codes that the digits can begin with: the region's own, and `00`. */
const exitCodeLengths = (digits: string, region: CountryCode | undefined): number[] => [
  ...new Set(
    [exitCodeLength(digits, region), digits.startsWith('00') ? 2 : 0].filter((length) => length > 0),
  ),
];

/** How many digits of the text are the region's exit code, in front of a calling code; 0 for none. */
function exitCodeLength(digits: string, region: CountryCode | undefined): number {
  if (!region) return 0;
  const length = exitCodesOf(region).exec(digits)?.[0].length ?? 0;
  // Where 0 alone is an exit code, it is a trunk prefix nearly everywhere else: only 00 counts.
  return length < 2 || digits[length] === '0' ? 0 : length;
}

const exitCodes = new Map<CountryCode, RegExp>();

function exitCodesOf(region: CountryCode): RegExp {
  const known = exitCodes.get(region);
  if (known) return known;
  const plan = new Metadata(numberingPlans);
  plan.selectNumberingPlan(region);
  const pattern = new RegExp(`^(?:${plan.numberingPlan!.IDDPrefix()})`);
  exitCodes.set(region, pattern);
  return pattern;
}

/** Whether the calling code ends at a space, and the exit code before it or the first group after it does too. */
function isWrittenApart(text: string, exitCodeLength: number, parsed: ParsedNumber): boolean {
  const callingCodeEnd = exitCodeLength + parsed.countryCallingCode.length;
  const [, firstGroup = ''] = parsed.formatInternational().split(' ');
  return (
    isApart(text, callingCodeEnd) &&
    (isApart(text, exitCodeLength) || isApart(text, callingCodeEnd + firstGroup.length))
  );
}

/** Whether something other than a digit follows the first digits. */
const isApart = (text: string, length: number): boolean =>
  new RegExp(`^(?:\\D*\\d){${length}}\\D`).test(text);

/** The number after `+`, an exit code or nothing: it begins with a calling code. */
function international(digits: string): string | null {
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  const number = validNumber(parsed);
  if (number || !parsed) return number;
  const present = presentDigits(parsed.country, nationalDigits(digits, parsed));
  return present && validNumber(parsePhoneNumberFromString(`+${parsed.countryCallingCode}${present}`));
}

/** The shape of a North American number within North America. */
const NORTH_AMERICAN = /^[2-9]\d\d[2-9]\d{6}$/;

/**
 * E.164 without `+`, as in the tutorial: `14155552671`. Without a default country, digits that look North American are
 * refused: Americans write 479 555 0123 with nothing in front, and +47 is Norway.
 */
const bareE164 = (digits: string, region: CountryCode | undefined): string | null =>
  !region && NORTH_AMERICAN.test(digits) ? null : international(digits);

/** A number as it is dialled within the region. */
function national(digits: string, region: CountryCode): string | null {
  if (exitCodeLength(digits, region) > 0) return null;
  const present = presentDigits(region, digits) ?? digits;
  return validNumber(parsePhoneNumberFromString(present, region), region);
}

/** E.164 without `+`, of the chosen country itself: `4915112345678` with DE. */
function withOwnCallingCode(digits: string, region: CountryCode): string | null {
  const callingCode = getCountryCallingCode(region);
  if (!digits.startsWith(callingCode)) return null;
  const number = international(digits);
  return number && validNumber(parsePhoneNumberFromString(number), region);
}

/**
 * @param region the country that was named. Countries share calling codes: Toronto is no number of the US, and a few
 * territories have one numbering plan, so that a number is of each of them.
 */
function validNumber(parsed: ParsedNumber | undefined, region?: CountryCode): string | null {
  // The library returns an object for invalid numbers too.
  if (!parsed?.country || !parsed.isValid() || parsed.ext) return null;
  const { number } = parsed;
  if (!region || parsed.country === region) return number;
  if (parsed.countryCallingCode !== getCountryCallingCode(region)) return null;
  parsed.country = region;
  return parsed.isValid() ? number : null;
}

const nationalDigits = (digits: string, { countryCallingCode }: ParsedNumber): string =>
  digits.slice(countryCallingCode.length);

/** What has changed in the country of an international number that is not valid. */
function changeAbroad(digits: string): NumberDefect | null {
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  return parsed ? changeOf(parsed.country, nationalDigits(digits, parsed)) : null;
}

/** What has changed in the region, or in the country after an exit code, for digits that are no valid number. */
function changeAtHome(digits: string, region: CountryCode): NumberDefect | null {
  const abroad = exitCodeLengths(digits, region).map((length) => digits.slice(length));
  const withCallingCode = digits.startsWith(getCountryCallingCode(region)) ? [digits] : [];
  const changes = [...abroad, ...withCallingCode].map((rest) => changeAbroad(rest));
  return changeOf(region, digits) ?? changes.find((change) => change !== null) ?? null;
}

function regionOf(code: string | undefined): CountryCode | undefined {
  const upper = code?.toUpperCase();
  return upper !== undefined && isSupportedCountry(upper) ? upper : undefined;
}

/**
 * The text with compatibility forms folded, other scripts' digits as ASCII, and direction marks and the `tel:` scheme
 * dropped, without spaces around it. Null when characters remain that no number has.
 */
function toPlainText(input: string): string | null {
  const text = toAsciiDigits(input.normalize('NFKC'))
    .replace(/\p{Cf}/gu, '')
    .replace(/^\s*tel:/i, '')
    .replace(/^[\s([]+\+/, '+')
    .trim();
  const usual = /^\+?[\d\s()[\].\-/~‐-―−ー⁓∼]+$/u;
  return usual.test(text) && !/\p{Cc}/u.test(text) ? text : null;
}
