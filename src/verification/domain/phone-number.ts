import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import { changeOfLandline } from './national-changes.js';
import { type NumberCountry, type NumberDefect, readNumber } from './number-reader.js';

export type { NumberCountry, NumberDefect };

/** What a phone can receive; a landline takes calls only. */
export type Channel = 'sms' | 'voice';

/** What was made of a typed number. */
export type NumberReading = { phone: PhoneNumber; defect?: never } | { phone: null; defect: NumberDefect };

const E164 = /^\+\d{5,15}$/;
const TEXTABLE_TYPES = new Set(['MOBILE', 'FIXED_LINE_OR_MOBILE', 'VOIP', 'PERSONAL_NUMBER']);

/** Whether it is the ISO 3166-1 alpha-2 code of a country with a numbering plan. */
export const isCountry = (code: string): boolean => isSupportedCountry(code);

/** A number that exists in its country's numbering plan, in E.164. */
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
   * Reads a typed number, in one place for everybody. It is international with `+`, with the exit code of its country
   * (`011 44 …` from the US), or with `00`. Without them it is a national number of `country`, or of `defaultCountry`.
   * Bare E.164 (`14155552671`) is accepted where it can be nothing else. What could be two numbers is refused.
   * A number that was read before is returned as it is.
   */
  static read(input: unknown, of: NumberCountry = {}): NumberReading {
    if (input instanceof PhoneNumber) return { phone: input };
    if (typeof input !== 'string') return { phone: null, defect: 'no-number' };
    const reading = readNumber(input, of);
    return 'defect' in reading ? { phone: null, ...reading } : { phone: PhoneNumber.fromE164(reading.e164) };
  }

  /** Reads a number back that was stored as its {@link e164}. @throws RangeError if it is none */
  static fromE164(e164: string): PhoneNumber {
    const parsed = E164.test(e164) ? parsePhoneNumberFromString(e164) : undefined;
    if (!parsed?.country)
      throw new RangeError(
        'not a phone number in E.164, such as +14155552671: read others with PhoneNumber.read',
      );
    return new PhoneNumber(parsed.number, parsed.country, parsed.getType());
  }

  /** Whether a message of this kind can arrive there: no premium, toll-free, pager or shared-cost numbers. */
  canReceive(channel: Channel): boolean {
    return TEXTABLE_TYPES.has(this.type ?? '') || (channel === 'voice' && this.type === 'FIXED_LINE');
  }

  /** Why a message of this kind cannot arrive there; null when it can. */
  defectFor(channel: Channel): NumberDefect | null {
    if (this.canReceive(channel)) return null;
    if (!this.canReceive('voice')) return 'no-messages';
    const national = this.e164.slice(1 + getCountryCallingCode(this.country as CountryCode).length);
    return changeOfLandline(this.country, national) ?? 'landline';
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

  /** Masked, so that nobody logs a number by accident. */
  toJSON(): string {
    return this.toString();
  }
}

/** `+1 ••• ••• ••71`. The same length for every number: the length is nobody's business either. */
export function maskPhoneNumber(country: string, lastDigits: string): string {
  const callingCode = isSupportedCountry(country) ? getCountryCallingCode(country) : '•';
  return `+${callingCode} ••• ••• ••${lastDigits}`;
}
