import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { loadEnvironmentFile, loadVariables } from '../config/index.js';
import { readIsoDate } from '../http/iso-date.js';
import type { KeptSeal, NumberReading } from '../verification/index.js';
import { isCountry, PhoneNumber } from '../verification/domain/phone-number.js';

/** A parser of commander that keeps what matches, and says what it must be otherwise. */
const matching =
  (test: (text: string) => boolean, expected: string) =>
  (text: string): string => {
    if (!test(text.trim())) throw new InvalidArgumentError(`It must be ${expected}.`);
    return text.trim();
  };

/** A whole number from 1 to `most`. */
export const wholeNumber =
  (most: number) =>
  (text: string): number => {
    if (!/^[1-9]\d*$/.test(text.trim()) || Number(text) > most)
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
    return Number(text);
  };

/** A date, or a date and a time, in ISO 8601; without a zone it is UTC. */
export function moment(text: string): Date {
  const date = readIsoDate(text.trim());
  if (!date)
    throw new InvalidArgumentError('It must be a date such as 2026-11-23 or 2026-11-23T14:30Z (UTC).');
  return date;
}

/** A {@link moment} that is still to come. */
export function futureMoment(text: string): Date {
  const date = moment(text);
  if (date.getTime() <= Date.now()) throw new InvalidArgumentError('It must be in the future.');
  return date;
}

const SEAL = /^(\d{1,15}):([0-9a-f]{64})$/i;

/** A seal that was kept elsewhere, `<number>:<hash>`. */
export function seal(text: string): KeptSeal {
  const [, number, hash] = SEAL.exec(text.trim()) ?? [];
  if (!number || !hash)
    throw new InvalidArgumentError('It must be a number, a colon and 64 hexadecimal digits.');
  return { number: Number(number), hash: hash.toLowerCase() };
}

/** The id of a request, a block or a token. */
export const uuid = matching(
  (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  'an id such as 0198f2c4-7d1e-7c3a-9b2f-0123456789ab',
);
/** Text of some length, without control characters. */
export const text = (least: number, most: number) =>
  matching(
    (value) => value.length >= least && value.length <= most && !/\p{Cc}/u.test(value),
    `text of ${least} to ${most} characters`,
  );
/** Reads a number as the application does: one without a country code is of DEFAULT_COUNTRY. */
export function readNumber(typed: string): NumberReading {
  loadEnvironmentFile();
  const { DEFAULT_COUNTRY: defaultCountry } = loadVariables(['DEFAULT_COUNTRY']);
  return PhoneNumber.read(typed, defaultCountry ? { defaultCountry } : {});
}

/** A phone number in any spelling. */
export const phoneNumber = matching(
  (value) => readNumber(value).phone !== null,
  'a phone number with its country code, such as +14155552671',
);
/** An address of the network. */
export const address = matching((value) => isIP(value) !== 0, 'an IP address');
/** An email address; whether there is such an account is looked up later. */
export const email = matching((value) => /^[^\s@]+@[^\s@]+$/.test(value), 'an email address');
/** The code of a country, in upper case. */
export const country = (value: string): string =>
  matching(isCountry, 'the code of a country, such as US')(value.toUpperCase());
