import { isEmail, ValidateBy, type ValidationOptions } from 'class-validator';

/** The limit of SMTP in bytes (RFC 5321). */
const MAX_BYTES = 254;
/** Control, format (zero-width, bidi), private and unassigned characters, and spaces of every kind. */
const INVISIBLE = /[\p{C}\p{Z}]/u;
const LATIN = /\p{Script=Latin}/u;
const OTHER_LETTER = /(?!\p{Script=Latin})\p{L}/u;

/** Normalises an address: NFKC, trimmed, in lower case. */
export function normaliseEmail(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
}

/** Whether a normalised address is valid for an account. */
export function isEmailAddress(address: string): boolean {
  if (Buffer.byteLength(address) > MAX_BYTES || INVISIBLE.test(address) || !isEmail(address)) return false;
  // Rejects parts that mix Latin with another script, such as `pаypal` with a Cyrillic letter.
  return address.split(/[.@_+-]/).every((part) => !(LATIN.test(part) && OTHER_LETTER.test(part)));
}

/** A field of a DTO with a normalised address. */
export const IsEmailAddress = (options: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isEmailAddress',
      validator: { validate: (value) => typeof value === 'string' && isEmailAddress(value) },
    },
    options,
  );
