import { z } from 'zod';
import { parseKeyRing } from './key-ring.js';

const OFF = /^(off|false|no|none)$/i;
const ON = /^(on|true|yes)$/i;

const text = z.string().trim();

const port = text
  .regex(/^\d{1,5}$/, 'a port number from 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65_535, 'a port number from 0 to 65535');

/** A whole number between two bounds, written in digits. */
const whole = (min: number, max: number, unit: string) => {
  const expected = `a whole number from ${min} to ${max}: ${unit}`;
  return text
    .regex(/^\d{1,10}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected);
};

/** The same, where "off" means a bound that nobody reaches, or no wait at all. */
const wholeOrOff = (min: number, max: number, unit: string, off: number) =>
  text
    .transform((value) => (OFF.test(value) ? String(off) : value))
    .pipe(whole(min, max, `${unit}, or "off"`));

/** The same, where "off" is null. */
const orOff = (schema: ReturnType<typeof whole>) =>
  text.transform((value) => (OFF.test(value) ? null : value)).pipe(schema.nullable());

/** `20/60` is 20 per 60 seconds, `0` refuses everything, `off` lifts the limit (null). */
const limit = text.transform((value, context): RateLimit | null => {
  if (OFF.test(value)) return null;
  if (value === '0') return { limit: 0, windowSeconds: 60 };
  const match = /^(\d{1,9})\/(\d{1,9})$/.exec(value);
  if (match && Number(match[2]) > 0) return { limit: Number(match[1]), windowSeconds: Number(match[2]) };
  context.addIssue('"<count>/<seconds>" such as 20/60, "0" to refuse all, or "off" for no limit');
  return z.NEVER;
});

const url = (protocols: string[], example: string) =>
  text.refine((value) => {
    const parsed = URL.parse?.(value) ?? (URL.canParse(value) ? new URL(value) : null);
    return parsed !== null && protocols.includes(parsed.protocol);
  }, `a URL such as ${example}`);

const countries = text.transform((value, context): string[] | null => {
  if (OFF.test(value) || value === '*') return null;
  const list = value
    .split(',')
    .map((code) => code.trim().toUpperCase())
    .filter(Boolean);
  if (list.every((code) => /^[A-Z]{2}$/.test(code))) return list;
  context.addIssue('two-letter country codes separated by commas, such as US,GB,DE, or "off" for all');
  return z.NEVER;
});

const trustProxy = text.transform((value, context): string[] | number | null => {
  if (value === '0' || OFF.test(value)) return null;
  if (/^\d{1,2}$/.test(value)) return Number(value);
  const list = value
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  const isNetwork =
    /^(loopback|linklocal|uniquelocal|\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?|[0-9a-f:.]*:[0-9a-f:.]*(\/\d{1,3})?)$/i;
  if (list.length > 0 && list.every((entry) => isNetwork.test(entry))) return list;
  context.addIssue('"off", the number of proxies in front, or their addresses such as loopback,10.0.0.0/8');
  return z.NEVER;
});

const keyRing = text.transform((value, context) => {
  try {
    return parseKeyRing(value);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
});

/** How many events per window; see {@link limit} for its spelling. */
export interface RateLimit {
  limit: number;
  windowSeconds: number;
}

/**
 * Every environment variable that the application reads, with its default. The only place
 * that knows their names; `docs/configuration.md` and `.env.example` are held to it by a test.
 */
export const environmentSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'], 'development, production or test')
    .default('development'),
  HOST: text.optional(),
  PORT: port.default(3000),
  TRUST_PROXY: trustProxy.default(null),
  LOG_LEVEL: z
    .enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'a pino level')
    .default('info'),

  DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/name').optional(),
  DATABASE_POOL_SIZE: whole(1, 200, 'connections').default(10),
  DATA_DIRECTORY: text.default('.data'),
  REDIS_URL: url(['redis:', 'rediss:'], 'redis://host:6379').optional(),

  VONAGE_API_KEY: text.min(1).optional(),
  VONAGE_API_SECRET: text.min(1).optional(),
  VONAGE_BRAND_NAME: text
    .regex(/^[^\\/{}:$]{1,18}$/, String.raw`1 to 18 characters without \ / { } : $`)
    .default('MyApp'),
  VONAGE_VERIFY_API: z.enum(['v1', 'v2'], 'v1 or v2').default('v2'),
  VONAGE_API_HOST: url(['http:', 'https:'], 'https://api.nexmo.com').optional(),
  VONAGE_TIMEOUT_MS: whole(100, 60_000, 'milliseconds').default(5000),
  VONAGE_APPLICATION_ID: z.uuid('the id of a Vonage application').optional(),
  VONAGE_PRIVATE_KEY: text
    .transform((value) => value.replaceAll(String.raw`\n`, '\n'))
    .refine(
      (value) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----\n/.test(value),
      'a private key in PEM, with line ends or \\n',
    )
    .optional(),
  VONAGE_SIGNATURE_SECRET: text.min(16, 'at least 16 characters: the account’s signature secret').optional(),
  VONAGE_REQUESTS_PER_SECOND: orOff(whole(1, 1_000_000, 'requests per second, or "off"')).default(20),
  VONAGE_FAILURES_BEFORE_BREAK: orOff(whole(1, 1000, 'failures in a row, or "off"')).default(5),
  SANDBOX: text
    .refine((value) => ON.test(value) || OFF.test(value) || value === 'auto', 'on, off or auto')
    .transform((value): 'on' | 'off' | 'auto' => (ON.test(value) ? 'on' : OFF.test(value) ? 'off' : 'auto'))
    .default('auto'),
  SANDBOX_PORT: port.default(3001),

  PHONE_ENCRYPTION_KEYS: keyRing.optional(),
  PHONE_FINGERPRINT_KEYS: keyRing.optional(),

  ALLOWED_COUNTRIES: countries.default(null),
  DEFAULT_COUNTRY: text
    .regex(/^[A-Za-z]{2}$/, 'a two-letter country code such as US')
    .transform((code) => code.toUpperCase())
    .optional(),
  CODE_LENGTH: whole(4, 10, 'digits').default(6),
  CODE_TTL_SECONDS: whole(60, 600, 'seconds').default(300),
  MAX_ATTEMPTS: whole(1, 3, 'attempts').default(3),
  MAX_SENDS: wholeOrOff(1, 1000, 'messages', 1000).default(3),
  WRONG_CODES_BEFORE_WAIT: wholeOrOff(1, 1_000_000_000, 'wrong codes', 1_000_000_000).default(5),
  WRONG_CODES_BEFORE_LOCK: wholeOrOff(1, 1_000_000_000, 'wrong codes', 1_000_000_000).default(20),
  RECONCILE_EVERY_SECONDS: orOff(whole(1, 3600, 'seconds, or "off"')).default(3),
  RESEND_COOLDOWN_SECONDS: wholeOrOff(0, 600, 'seconds', 0).default(30),

  THROTTLE_ADDRESS: limit.default({ limit: 600, windowSeconds: 60 }),
  THROTTLE_NUMBER: limit.default({ limit: 20, windowSeconds: 60 }),
  THROTTLE_REQUEST: limit.default({ limit: 30, windowSeconds: 60 }),
});

export type Environment = z.infer<typeof environmentSchema>;
