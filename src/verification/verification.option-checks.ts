import type { LibraryDatabaseOptions } from '../database/library-database.module.js';
import type { HttpOptions } from '../http/index.js';
import {
  ANY,
  checkOptions,
  FLAG,
  FUNCTION,
  having,
  LIST,
  OBJECT,
  type OptionKind,
  orNull,
  POSITIVE,
  TEXT,
  THROTTLE,
  WEB_URL,
} from '../options/check-options.js';
import type { VerificationPolicy } from './domain/policy.js';
import type { VerificationModuleOptions, VonageOptions } from './verification.options.js';

const MODULE = 'VerificationModule';

const KINDS: Record<keyof VerificationModuleOptions, OptionKind> = {
  vonage: OBJECT,
  sender: having(['send'], 'a MessageSender'),
  message: OBJECT,
  provider: having(['start', 'check', 'cancel', 'next'], 'a VerificationProvider'),
  keys: OBJECT,
  policy: OBJECT,
  protection: OBJECT,
  throttle: OBJECT,
  database: OBJECT,
  reconcileEverySeconds: orNull(POSITIVE),
  sealJournalEverySeconds: orNull(POSITIVE),
  events: OBJECT,
  defaultCountry: TEXT,
  http: OBJECT,
  identifyCaller: FUNCTION,
  beforeStart: FUNCTION,
  beforeAccept: FUNCTION,
};

const BRAND: OptionKind = {
  is: (value) => typeof value === 'string' && value.length >= 1 && value.length <= 18,
  words: 'the name that the message shows, 1 to 18 characters',
};

const VONAGE_KINDS: Record<keyof VonageOptions, OptionKind> = {
  api: { is: (value) => value === 'v1' || value === 'v2', words: "'v1' or 'v2'" },
  brand: BRAND,
  apiKey: { ...TEXT, words: 'the API key of your Vonage account. Is its environment variable set?' },
  apiSecret: { ...TEXT, words: 'the API secret of your Vonage account. Is its environment variable set?' },
  application: OBJECT,
  apiHost: TEXT,
  templateId: TEXT,
  timeoutMs: POSITIVE,
  signatureSecret: TEXT,
};

const POLICY_KINDS: Record<keyof VerificationPolicy, OptionKind> = {
  codeLength: ANY,
  ttlSeconds: ANY,
  maxAttempts: ANY,
  maxSends: ANY,
  resendCooldownSeconds: ANY,
  allowedCountries: orNull(LIST),
  providerTimeoutSeconds: POSITIVE,
  wrongCodesBeforeWait: ANY,
  wrongCodeWaitSeconds: ANY,
  wrongCodeMaxWaitSeconds: ANY,
  wrongCodesBeforeLock: ANY,
};

const DATABASE_KINDS: Record<keyof LibraryDatabaseOptions, OptionKind> = {
  schema: ANY,
  tablePrefix: ANY,
  dataSource: TEXT,
  pool: having(['connect', 'query'], 'a Pool of pg'),
  preparedStatements: FLAG,
  migrationsRun: FLAG,
};

const ORIGINS: OptionKind = {
  is: (value) =>
    Array.isArray(value) && value.every((each) => URL.canParse(each) && new URL(each).origin === each),
  words:
    "a list of origins as browsers write them, such as 'https://admin.example.com', without a / at the end",
};

const HTTP_KINDS: Record<keyof HttpOptions, OptionKind> = {
  https: FLAG,
  publicUrl: orNull(WEB_URL),
  trustedOrigins: ORIGINS,
  harmlessCookies: LIST,
};

const isKeyRing = (value: unknown) => (typeof value === 'string' && value !== '') || Array.isArray(value);
const KEY_RING: OptionKind = {
  is: isKeyRing,
  words: '"<id>:<32 bytes in base64>" (openssl rand -base64 32). Is its environment variable set?',
};

/** @throws TypeError that names the option, and what it should be */
export function checkVerificationOptions(given: VerificationModuleOptions): void {
  checkOptions(MODULE, given, KINDS, ['keys']);
  checkOptions(`${MODULE}: keys`, given.keys, { encryption: KEY_RING, fingerprint: KEY_RING }, [
    'encryption',
    'fingerprint',
  ]);
  if (given.vonage)
    checkOptions(`${MODULE}: vonage`, given.vonage, VONAGE_KINDS, ['apiKey', 'apiSecret', 'brand']);
  checkOptions(`${MODULE}: throttle`, given.throttle, {
    address: THROTTLE,
    number: THROTTLE,
    request: THROTTLE,
    storage: having(['increment'], 'a ThrottlerStorage'),
  });
  checkOptions(`${MODULE}: policy`, given.policy, POLICY_KINDS);
  checkOptions(`${MODULE}: database`, given.database, DATABASE_KINDS);
  checkOptions(`${MODULE}: http`, given.http, HTTP_KINDS);
  checkOptions(`${MODULE}: protection`, given.protection, {
    requestsPerSecond: orNull(POSITIVE),
    failuresBeforeBreak: orNull(POSITIVE),
  });
  requireOneProvider(given);
}

function requireOneProvider({ vonage, sender, provider }: VerificationModuleOptions): void {
  const given = Object.entries({ vonage, sender, provider }).filter(([, value]) => value);
  if (given.length === 1) return;
  const names = given.map(([name]) => `\`${name}\``).join(' and ') || 'none of them';
  throw new TypeError(
    `VerificationModule needs one of \`vonage\`, \`sender\` and \`provider\`, not ${names}`,
  );
}
