import { z } from 'zod';
import { adminVariables, protectionVariables } from './protection-variables.js';
import {
  countries,
  keyRing,
  limit,
  OFF,
  ON,
  onOff,
  orOff,
  port,
  text,
  trustProxy,
  url,
  whole,
  wholeOrOff,
} from './values.js';

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
  PUBLIC_URL: url(['http:', 'https:'], 'https://login.example.com').optional(),
  TRUST_PROXY: trustProxy.default(null),
  API_DOCS: onOff.optional(),
  LOG_LEVEL: z
    .enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'a pino level')
    .default('info'),

  DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/name').optional(),
  EMBEDDED_DATABASE: z.literal('allow', '"allow", or absent').optional(),
  DATABASE_PREPARED_STATEMENTS: onOff.default(true),
  DATABASE_SCHEMA: text
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'a schema such as otp: lower-case letters, digits and "_"')
    .default('public'),
  DATABASE_POOL_SIZE: whole(1, 200, 'connections').default(10),
  DATA_DIRECTORY: text.default('.data'),
  INSTANCES: whole(1, 1000, 'instances').default(1),
  REDIS_URL: url(['redis:', 'rediss:'], 'redis://host:6379').optional(),

  SMTP_URL: url(['smtp:', 'smtps:'], 'smtps://user:password@host:465').optional(),
  MAIL_FROM: text.min(3, 'an e-mail address').optional(),

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
  SESSION_KEYS: keyRing.optional(),
  SESSION_LIFETIME_HOURS: whole(1, 720, 'hours').default(12),

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
  JOURNAL_SEAL_SECONDS: orOff(whole(1, 3600, 'seconds, or "off"')).default(5),
  RESEND_COOLDOWN_SECONDS: wholeOrOff(0, 600, 'seconds', 0).default(30),

  THROTTLE_ADDRESS: limit.default({ limit: 600, windowSeconds: 60 }),
  THROTTLE_NUMBER: limit.default({ limit: 20, windowSeconds: 60 }),
  THROTTLE_SESSION: limit.default({ limit: 60, windowSeconds: 60 }),
  THROTTLE_REQUEST: limit.default({ limit: 30, windowSeconds: 60 }),

  ...protectionVariables,
  ...adminVariables,
});

export type Environment = z.infer<typeof environmentSchema>;
