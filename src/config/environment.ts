import { z } from 'zod';
import { adminVariables, protectionVariables } from './protection-variables.js';
import {
  countries,
  country,
  databaseUrl,
  keyRing,
  limit,
  OFF,
  ON,
  onOff,
  option,
  orOff,
  port,
  publicUrl,
  text,
  trustProxy,
  url,
  waits,
  webhookSecrets,
  whole,
  wholeOrOff,
} from './values.js';

/**
 * Every environment variable that the application reads. A variable that is an option of a module names it, and has no
 * default here: the module's own default applies. A test holds `docs/configuration.md` and `.env.example` to this.
 */
export const environmentSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'], 'development, production or test')
    .default('development'),
  HOST: text.optional(),
  PORT: port.default(3000),
  PUBLIC_URL: publicUrl.optional(),
  TRUST_PROXY: trustProxy.default(null),
  API_DOCS: onOff.optional(),
  LOG_LEVEL: z
    .enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'a pino level')
    .default('info'),

  METRICS_PORT: port.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http:', 'https:'], 'http://collector:4318').optional(),
  OTEL_SERVICE_NAME: text.default('nest-sms-otp'),

  SHUTDOWN_DELAY_MS: whole(0, 60_000, 'milliseconds').optional(),
  SHUTDOWN_GRACE_MS: whole(0, 600_000, 'milliseconds').default(15_000),
  OVERLOAD_WAIT_MS: orOff(whole(100, 60_000, 'milliseconds, or "off"')).default(5000),

  DATABASE_URL: databaseUrl.optional(),
  EMBEDDED_DATABASE: z.literal('allow', '"allow", or absent').optional(),
  DATABASE_PREPARED_STATEMENTS: option('verification.database.preparedStatements', onOff),
  DATABASE_SCHEMA: text
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'a schema such as otp: lower-case letters, digits and "_"')
    .default('public'),
  DATABASE_TABLE_PREFIX: text
    .regex(/^[a-z_][a-z0-9_]{0,19}$/, 'a prefix such as otp_: lower-case letters, digits and "_", at most 20')
    .default('otp_'),
  DATABASE_POOL_SIZE: whole(1, 200, 'connections').default(10),
  DATA_DIRECTORY: text.default('.data'),
  INSTANCES: whole(1, 1000, 'instances').default(1),
  REDIS_URL: url(['redis:', 'rediss:'], 'redis://host:6379').optional(),

  SMTP_URL: url(['smtp:', 'smtps:'], 'smtps://user:password@host:465').optional(),
  MAIL_FROM: text
    .regex(
      /^(?:[^<>]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/,
      'an e-mail address, such as ACME <no-reply@example.com>',
    )
    .optional(),

  VONAGE_API_KEY: option('verification.vonage.apiKey', text.min(1)),
  VONAGE_API_SECRET: option('verification.vonage.apiSecret', text.min(1)),
  VONAGE_BRAND_NAME: text
    .regex(/^[^\\/{}:$]{1,18}$/, String.raw`1 to 18 characters without \ / { } : $`)
    .default('MyApp'),
  VONAGE_VERIFY_API: option('verification.vonage.api', z.enum(['v1', 'v2'], 'v1 or v2')),
  VONAGE_API_HOST: option('verification.vonage.apiHost', url(['http:', 'https:'], 'https://api.nexmo.com')),
  VONAGE_TEMPLATE_ID: option('verification.vonage.templateId', z.uuid('the id of a template of Verify v2')),
  VONAGE_TIMEOUT_MS: option('verification.vonage.timeoutMs', whole(100, 60_000, 'milliseconds')),
  VONAGE_APPLICATION_ID: option(
    'verification.vonage.application.id',
    z.uuid('the id of a Vonage application'),
  ),
  VONAGE_PRIVATE_KEY: option(
    'verification.vonage.application.privateKey',
    text
      .transform((value) => value.replaceAll(String.raw`\n`, '\n'))
      .refine(
        (value) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----\n/.test(value),
        'a private key in PEM, with line ends or \\n',
      ),
  ),
  VONAGE_SIGNATURE_SECRET: option(
    'verification.vonage.signatureSecret',
    text.min(16, 'at least 16 characters: the account’s signature secret'),
  ),
  VONAGE_REQUESTS_PER_SECOND: option(
    'verification.protection.requestsPerSecond',
    orOff(whole(1, 1_000_000, 'requests per second, or "off"')),
  ),
  VONAGE_FAILURES_BEFORE_BREAK: option(
    'verification.protection.failuresBeforeBreak',
    orOff(whole(1, 1000, 'failures in a row, or "off"')),
  ),
  SANDBOX: text
    .refine((value) => ON.test(value) || OFF.test(value) || value === 'auto', 'on, off or auto')
    .transform((value): 'on' | 'off' | 'auto' => (ON.test(value) ? 'on' : OFF.test(value) ? 'off' : 'auto'))
    .default('auto'),
  SANDBOX_HOST: text.optional(),
  SANDBOX_PORT: port.default(3001),

  PHONE_ENCRYPTION_KEYS: keyRing.optional(),
  PHONE_FINGERPRINT_KEYS: keyRing.optional(),
  SESSION_KEYS: keyRing.optional(),
  SESSION_LIFETIME_HOURS: whole(1, 720, 'hours').default(12),

  ALLOWED_COUNTRIES: option('verification.policy.allowedCountries', countries),
  DEFAULT_COUNTRY: option('verification.defaultCountry', country),
  CODE_LENGTH: option('verification.policy.codeLength', whole(4, 10, 'digits')),
  CODE_TTL_SECONDS: option('verification.policy.ttlSeconds', whole(60, 600, 'seconds')),
  AUTO_SUBMIT_CODES: onOff.default(true),
  MAX_ATTEMPTS: option('verification.policy.maxAttempts', whole(1, 3, 'attempts')),
  MAX_SENDS: option('verification.policy.maxSends', wholeOrOff(1, 1000, 'messages', 1000)),
  WRONG_CODES_BEFORE_WAIT: option(
    'verification.policy.wrongCodesBeforeWait',
    wholeOrOff(1, 1_000_000_000, 'wrong codes', 1_000_000_000),
  ),
  WRONG_CODES_BEFORE_LOCK: option(
    'verification.policy.wrongCodesBeforeLock',
    wholeOrOff(1, 1_000_000_000, 'wrong codes', 1_000_000_000),
  ),
  RECONCILE_EVERY_SECONDS: option(
    'verification.reconcileEverySeconds',
    orOff(whole(1, 3600, 'seconds, or "off"')),
  ),
  JOURNAL_SEAL_SECONDS: option(
    'verification.sealJournalEverySeconds',
    orOff(whole(1, 3600, 'seconds, or "off"')),
  ),
  WEBHOOKS_URL: option(
    'verification.events.webhook.url',
    url(['http:', 'https:'], 'https://example.com/webhooks'),
  ),
  WEBHOOKS_SECRETS: option('verification.events.webhook.secrets', webhookSecrets),
  WEBHOOKS_PRIVATE_ADDRESSES: option(
    'verification.events.webhook.allowPrivateAddresses',
    z.literal('allow', '"allow", or absent').transform(() => true),
  ),
  WEBHOOKS_TIMEOUT_MS: option('verification.events.webhook.timeoutMs', whole(100, 60_000, 'milliseconds')),
  WEBHOOKS_RETRY_SECONDS: option('verification.events.webhook.retrySeconds', waits),
  EVENTS_FILE: option('verification.events.file', text),
  RESEND_COOLDOWN_SECONDS: option(
    'verification.policy.resendCooldownSeconds',
    wholeOrOff(0, 600, 'seconds', 0),
  ),

  THROTTLE_ADDRESS: option('verification.throttle.address', limit),
  THROTTLE_NUMBER: option('verification.throttle.number', limit),
  THROTTLE_SESSION: option('twoFactor.throttle.session', limit),
  THROTTLE_REQUEST: option('verification.throttle.request', limit),

  ...protectionVariables,
  ...adminVariables,
});

export type Environment = z.infer<typeof environmentSchema>;

/** Which option of a module a variable is: `{ CODE_LENGTH: 'verification.policy.codeLength', … }`. */
export const OPTION_PATHS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(environmentSchema.shape).flatMap(([name, schema]) => {
    const path = schema.meta()?.['option'];
    return typeof path === 'string' ? [[name, path]] : [];
  }),
);
