import { isEmail, ValidateBy, type ValidationOptions } from 'class-validator';

/** Octets that SMTP can carry (RFC 5321). */
const LONGEST = 254;
/** Control, format (zero-width, bidi), private and unassigned characters, and spaces of every kind. */
const INVISIBLE = /[\p{C}\p{Z}]/u;
const LATIN = /\p{Script=Latin}/u;
const OTHER_LETTER = /(?!\p{Script=Latin})\p{L}/u;

/** The one spelling of an address: NFKC, without spaces around it, in lower case. */
export function normaliseEmail(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
}

/** Whether an account can have this normalised address. */
export function isEmailAddress(address: string): boolean {
  if (Buffer.byteLength(address) > LONGEST || INVISIBLE.test(address) || !isEmail(address)) return false;
  // Latin and another script within one part: `pаypal` with a Cyrillic letter.
  return address.split(/[.@_+-]/).every((part) => !(LATIN.test(part) && OTHER_LETTER.test(part)));
}

/** On a field of a DTO that holds a normalised address. */
export const IsEmailAddress = (options: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isEmailAddress',
      validator: { validate: (value) => typeof value === 'string' && isEmailAddress(value) },
    },
    options,
  );
