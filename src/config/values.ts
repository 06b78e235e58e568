import { isIP } from 'node:net';
import { z } from 'zod';
import { isSupportedCountry } from 'libphonenumber-js/max';
import { parseKeyRing } from '../crypto/key-ring.js';
import { isWebhookSecret } from '../crypto/webhook-signature.js';
import { readServers } from '../database/servers.js';
import { THROTTLE } from '../options/check-options.js';

/** How many events per window; see {@link limit} for its spelling. */
export interface RateLimit {
  limit: number;
  windowSeconds: number;
}

export const OFF = /^(off|false|no|none)$/i;
export const ON = /^(on|true|yes)$/i;

export const text = z.string().trim();

export const port = text
  .regex(/^\d{1,5}$/, 'a port number from 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65_535, 'a port number from 0 to 65535');

/** A whole number between two bounds, written in digits. */
export const whole = (min: number, max: number, unit: string) => {
  const expected = `a whole number from ${min} to ${max}: ${unit}`;
  return text
    .regex(/^\d{1,10}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected);
};

/** The same, where "off" means a bound that is never reached, or no wait at all. */
export const wholeOrOff = (min: number, max: number, unit: string, off: number) =>
  text
    .transform((value) => (OFF.test(value) ? String(off) : value))
    .pipe(whole(min, max, `${unit}, or "off"`));

/** The same, where "off" is null. */
export const orOff = (schema: ReturnType<typeof whole>) =>
  text.transform((value) => (OFF.test(value) ? null : value)).pipe(schema.nullable());

/** `20/60` is 20 per 60 seconds, `0` refuses everything, `off` lifts the limit (null). */
export const limit = text.transform((value, context): RateLimit | null => {
  if (OFF.test(value)) return null;
  if (value === '0') return { limit: 0, windowSeconds: 60 };
  const [, limit, windowSeconds] = (/^(\d{1,9})\/(\d{1,9})$/.exec(value) ?? []).map(Number);
  const read = { limit: limit!, windowSeconds: windowSeconds! };
  if (THROTTLE.is(read)) return read;
  context.addIssue(
    '"<count>/<seconds>" such as 20/60, of at most 24 days (2073600), "0" to refuse all, or "off" for no limit',
  );
  return z.NEVER;
});

export const url = (protocols: string[], example: string) =>
  text.refine((value) => {
    const parsed = URL.parse?.(value) ?? (URL.canParse(value) ? new URL(value) : null);
    return parsed !== null && protocols.includes(parsed.protocol);
  }, `a URL such as ${example}`);

/** Where people reach the application. Everybody sees it, so it has no password; links are made by adding a path. */
export const publicUrl = url(['http:', 'https:'], 'https://login.example.com').refine(
  (value) => !/[@?#]/.test(value),
  'a URL without user, password, query and fragment, such as https://login.example.com',
);

const EXAMPLE_DATABASE = 'postgres://user:password@host:5432/name';
const SSL_MODES = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** The URL of a Postgres, or of a cluster of them. */
export const databaseUrl = text.transform((value, context): string => {
  try {
    const { protocol, searchParams } = new URL(readServers(value).url);
    if (!['postgres:', 'postgresql:'].includes(protocol)) throw new TypeError(protocol);
    const mode = searchParams.get('sslmode');
    if (mode === null || SSL_MODES.includes(mode)) return value;
    context.addIssue(`a URL whose sslmode is one of ${SSL_MODES.join(', ')}`);
  } catch (error) {
    // What the platform says of a URL quotes it, with its password.
    const why = error instanceof TypeError ? '' : ` (${(error as Error).message})`;
    context.addIssue(`a URL such as ${EXAMPLE_DATABASE}, with several servers host1:5432,host2:5432${why}`);
  }
  return z.NEVER;
});

/** The code of a country that has phone numbers. */
export const country = text
  .transform((code) => code.toUpperCase())
  .refine(isSupportedCountry, 'the two-letter code of a country with phone numbers, such as US');

/** Countries by their codes; `off` is the whole world (null). */
export const countries = text.transform((value, context): string[] | null => {
  if (OFF.test(value) || value === '*') return null;
  const list = value
    .split(',')
    .map((code) => code.trim().toUpperCase())
    .filter(Boolean);
  const unknown = list.filter((code) => !isSupportedCountry(code));
  if (list.length > 0 && unknown.length === 0) return list;
  const expected = 'two-letter country codes separated by commas, such as US,GB,DE, or "off" for all';
  const named = unknown.filter((code) => /^[A-Z]{2}$/.test(code));
  context.addIssue(
    named.length > 0 ? `${expected}; ${named.join(', ')}: no country with phone numbers` : expected,
  );
  return z.NEVER;
});

/** An address, a network such as `10.0.0.0/8`, or one of the names that Express knows. */
function isNetwork(entry: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(entry)) return true;
  const [address, bits = '1', more] = entry.split('/');
  const family = isIP(address!);
  return (
    family !== 0 &&
    more === undefined &&
    /^[1-9]\d{0,2}$/.test(bits) &&
    Number(bits) <= (family === 6 ? 128 : 32)
  );
}

export const trustProxy = text.transform((value, context): string[] | number | null => {
  if (value === '0' || OFF.test(value)) return null;
  if (/^\d{1,2}$/.test(value)) return Number(value);
  const list = value
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  if (list.length > 0 && list.every(isNetwork)) return list;
  context.addIssue('"off", the number of proxies in front, or their addresses such as loopback,10.0.0.0/8');
  return z.NEVER;
});

export const keyRing = text.transform((value, context) => {
  try {
    return parseKeyRing(value);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
});

/** `on` or `off`. */
export const onOff = text
  .refine((value) => ON.test(value) || OFF.test(value), 'on or off')
  .transform((value) => ON.test(value));

/** `5/3600,10/86400`: at most 5 in any hour and 10 in any day; `off` lifts the limit (null). */
export const windows = text.transform((value, context): { limit: number; seconds: number }[] | null => {
  if (OFF.test(value)) return null;
  const parts = value.split(',').map((part) => /^(\d{1,5})\/(\d{1,7})$/.exec(part.trim()));
  if (
    parts.every(
      (part) => part && Number(part[1]) <= 1000 && Number(part[2]) > 0 && Number(part[2]) <= 2_592_000,
    )
  )
    return parts.map((part) => ({ limit: Number(part![1]), seconds: Number(part![2]) }));
  context.addIssue(
    '"<count>/<seconds>", several separated by commas, such as 5/3600,10/86400, counts up to 1000, or "off"',
  );
  return z.NEVER;
});

/** An amount of money, or `off` (null). */
export const money = text.transform((value, context): number | null => {
  if (OFF.test(value)) return null;
  if (/^\d{1,9}(\.\d{1,4})?$/.test(value)) return Number(value);
  context.addIssue('an amount in the provider’s currency such as 100 or 49.90, or "off"');
  return z.NEVER;
});

/** A variable that is an option of a module, such as `protection.mode`. Left out, the module's default applies. */
export const option = <Schema extends z.ZodType>(path: string, schema: Schema) =>
  schema.optional().meta({ option: path });

/** Secrets of Standard Webhooks, newest first. */
export const webhookSecrets = text.transform((value, context): string[] => {
  const list = value
    .split(',')
    .map((secret) => secret.trim())
    .filter(Boolean);
  if (list.length > 0 && list.every(isWebhookSecret)) return list;
  context.addIssue(
    '"whsec_" and 24 to 64 bytes in base64 (echo "whsec_$(openssl rand -base64 32)"), several separated by commas, newest first',
  );
  return z.NEVER;
});

/** `5,60,300`: waits in seconds, one after the other. */
export const waits = text.transform((value, context): number[] => {
  const list = value.split(',').map((part) => part.trim());
  if (list.length <= 50 && list.every((part) => /^\d{1,6}$/.test(part) && Number(part) > 0))
    return list.map(Number);
  context.addIssue('up to 50 waits in seconds separated by commas, such as 5,60,300,1800');
  return z.NEVER;
});
