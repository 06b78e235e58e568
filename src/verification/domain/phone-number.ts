import { getCountryCallingCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { toAsciiDigits } from './digits.js';

/** What a phone can receive; a landline takes calls only. */
export type Channel = 'sms' | 'voice';

const TEXTABLE_TYPES = new Set(['MOBILE', 'FIXED_LINE_OR_MOBILE', 'VOIP', 'PERSONAL_NUMBER']);
const MAX_LENGTH = 64;

/** Whether it is the ISO 3166-1 alpha-2 code of a country with a numbering plan. */
export const isCountry = (code: string): boolean => isSupportedCountry(code);

/** A number that exists in its country's numbering plan, in E.164. The one place where numbers are read. */
export class PhoneNumber {
  private constructor(
    /** E.164 with `+`, for example `+14155552671`. */
    readonly e164: string,
    /** ISO 3166-1 alpha-2, for example `US`. */
    readonly country: string,
    /** As the numbering plan has it, for example `MOBILE` or `VOIP`; undefined where it does not say. */
    readonly type: string | undefined,
  ) {}

  /**
   * Reads any usual spelling: `+1 415 555-2671`, `001415…`, `14155552671`, `tel:+1-415…`, other scripts' digits,
   * and national numbers when `country` (ISO 3166-1 alpha-2) is given; a typed `+` wins over the country.
   * A number that was parsed before is returned as it is.
   * @returns null when it is not one valid number: wrong length or prefix, an extension, letters, control characters
   */
  static tryParse(input: unknown, country?: string): PhoneNumber | null {
    if (input instanceof PhoneNumber) return input;
    if (typeof input !== 'string' || input.length > MAX_LENGTH) return null;
    const text = toPlainText(input);
    if (text === null) return null;
    const region = country && isSupportedCountry(country.toUpperCase()) ? country.toUpperCase() : undefined;
    if (country && !region) return null;

    const international = text.startsWith('+') ? text : text.replace(/^00/, '+');
    const isInternational = international.startsWith('+') || !region;
    const parsed = isInternational
      ? parsePhoneNumberFromString(international.startsWith('+') ? international : `+${international}`)
      : parsePhoneNumberFromString(text, region as 'US');
    // The library returns an object for invalid numbers too.
    if (!parsed?.country || !parsed.isValid() || parsed.ext) return null;
    return new PhoneNumber(parsed.number, parsed.country, parsed.getType());
  }

  /** Reads back what was stored. @throws Error if it is not E.164 */
  static fromE164(e164: string): PhoneNumber {
    const parsed = parsePhoneNumberFromString(e164);
    if (!parsed?.country) throw new Error('not a stored phone number');
    return new PhoneNumber(parsed.number, parsed.country, parsed.getType());
  }

  /** Whether a message of this kind can arrive there: no premium, toll-free, pager or shared-cost numbers. */
  canReceive(channel: Channel): boolean {
    return TEXTABLE_TYPES.has(this.type ?? '') || (channel === 'voice' && this.type === 'FIXED_LINE');
  }

  /** The last two digits: with the country all that is stored in clear. */
  get lastDigits(): string {
    return this.e164.slice(-2);
  }

  /** The first six digits: calling code and the block of numbers that an operator was given. */
  get prefix(): string {
    return this.e164.slice(1, 7);
  }

  /** For people and logs: never the whole number. */
  toString(): string {
    return maskPhoneNumber(this.country, this.lastDigits);
  }

  toJSON(): string {
    return this.toString();
  }
}

/** `+1 ••• ••• ••71`. The same length for every number: the length is nobody's business either. */
export function maskPhoneNumber(country: string, lastDigits: string): string {
  const callingCode = isSupportedCountry(country) ? getCountryCallingCode(country) : '•';
  return `+${callingCode} ••• ••• ••${lastDigits}`;
}

/** Compatibility forms folded, direction marks and the `tel:` scheme dropped; null when characters remain that no number has. */
function toPlainText(input: string): string | null {
  const text = toAsciiDigits(input.normalize('NFKC'))
    .replace(/\p{Cf}/gu, '')
    .replace(/^\s*tel:/i, '')
    .trim();
  const usual = /^\+?[\d\s().\-‐-―−/]+$/u;
  return usual.test(text) && !/\p{Cc}/u.test(text) ? text : null;
}
