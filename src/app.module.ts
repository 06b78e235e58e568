import { hkdfSync } from 'node:crypto';
import { type DynamicModule, Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LoggerModule } from 'nestjs-pino';
import type { AdminModuleOptions } from './admin/index.js';
import type { Config } from './config/index.js';
import { dataSourceOptions } from './database/index.js';
import { type HostMail, HostModule } from './host/index.js';
import { SharedThrottlerStorage } from './http/index.js';
import { entities } from './schema.js';
import { HealthModule, loggerParams } from './operations/index.js';
import { ProtectionModule, type ProtectionOptions } from './protection/index.js';
import { type VerificationModuleOptions, VerificationModule } from './verification/index.js';

/** Where a running application finds what it does not bring itself. */
export interface Surroundings {
  databaseUrl: string;
  /** Replaces Vonage's base URL: the sandbox's, when there is one. */
  vonageApiHost?: string;
  /** What to do about the users whose password is in the README; nothing by default. */
  demoUsers?: 'create' | 'refuse' | 'ignore';
  /** How the application sends e-mails; not at all by default. */
  mail?: HostMail;
  /** What the sandbox signs its webhooks with, when there is one. */
  vonageSignatureSecret?: string;
}

/** Guesses at passwords by one address. */
const SIGN_INS = { limit: 20, windowSeconds: 60 };
/** Outside production the sandbox takes any credentials. */
const SANDBOX_CREDENTIAL = 'sandbox';

/** @param use keeps keys for different uses apart */
const derivedKey = (config: Config, use: string): Buffer =>
  Buffer.from(hkdfSync('sha256', config.keys.fingerprint[0].secret, '', use, 32));

function verificationOptions(
  config: Config,
  { vonageApiHost, vonageSignatureSecret }: Surroundings,
  storage: ThrottlerStorage,
): VerificationModuleOptions {
  const secret = vonageSignatureSecret ?? config.VONAGE_SIGNATURE_SECRET;
  const { VONAGE_APPLICATION_ID: id, VONAGE_PRIVATE_KEY: privateKey } = config;
  const apiHost = vonageApiHost ?? config.VONAGE_API_HOST;
  return {
    vonage: {
      api: config.VONAGE_VERIFY_API,
      apiKey: config.VONAGE_API_KEY ?? SANDBOX_CREDENTIAL,
      apiSecret: config.VONAGE_API_SECRET ?? SANDBOX_CREDENTIAL,
      brand: config.VONAGE_BRAND_NAME,
      timeoutMs: config.VONAGE_TIMEOUT_MS,
      ...(apiHost ? { apiHost } : {}),
      ...(secret ? { signatureSecret: secret } : {}),
      ...(id && privateKey ? { application: { id, privateKey } } : {}),
    },
    protection: {
      requestsPerSecond: config.VONAGE_REQUESTS_PER_SECOND,
      failuresBeforeBreak: config.VONAGE_FAILURES_BEFORE_BREAK,
    },
    keys: { encryption: config.keys.encryption, fingerprint: config.keys.fingerprint },
    preparedStatements: config.DATABASE_PREPARED_STATEMENTS,
    reconcileEverySeconds: config.RECONCILE_EVERY_SECONDS,
    sealJournalEverySeconds: config.JOURNAL_SEAL_SECONDS,
    policy: {
      codeLength: config.CODE_LENGTH,
      ttlSeconds: config.CODE_TTL_SECONDS,
      maxAttempts: config.MAX_ATTEMPTS,
      maxSends: config.MAX_SENDS,
      resendCooldownSeconds: config.RESEND_COOLDOWN_SECONDS,
      allowedCountries: config.ALLOWED_COUNTRIES,
      wrongCodesBeforeWait: config.WRONG_CODES_BEFORE_WAIT,
      wrongCodesBeforeLock: config.WRONG_CODES_BEFORE_LOCK,
    },
    throttle: {
      address: config.THROTTLE_ADDRESS,
      number: config.THROTTLE_NUMBER,
      request: config.THROTTLE_REQUEST,
      storage,
    },
    ...(config.DEFAULT_COUNTRY ? { defaultCountry: config.DEFAULT_COUNTRY } : {}),
  };
}

function protectionOptions(config: Config): ProtectionOptions {
  const { CONVERSION: share } = config;
  return {
    mode: config.PROTECTION,
    modes: config.RULE_MODES,
    allowVoip: config.ALLOW_VOIP,
    numberCooldownSeconds: config.NUMBER_COOLDOWN_SECONDS,
    number: config.LIMIT_NUMBER,
    user: config.LIMIT_USER,
    session: config.LIMIT_SESSION,
    address: config.LIMIT_ADDRESS,
    prefixPerDay: config.LIMIT_PREFIX_PER_DAY,
    countryPerDay: config.LIMIT_COUNTRY_PER_DAY,
    budgetPerDay: config.BUDGET_PER_DAY,
    budgetPerCountryPerDay: config.BUDGET_PER_COUNTRY_PER_DAY,
    userReservePerDay: config.USER_RESERVE_PER_DAY,
    prices: config.MESSAGE_PRICES,
    conversion: share && {
      ...share,
      minimumCallers: config.CONVERSION_CALLERS,
      windowSeconds: config.CONVERSION_WINDOW_SECONDS,
      ageSeconds: config.CONVERSION_AGE_SECONDS,
      stopSeconds: config.CONVERSION_STOP_SECONDS,
    },
    watchEverySeconds: config.PROTECTION_WATCH_SECONDS,
  };
}

function adminOptions(config: Config): Omit<AdminModuleOptions, 'isAdmin'> {
  return {
    freshSeconds: config.ADMIN_FRESH_SECONDS,
    rollUpEverySeconds: config.STATISTICS_EVERY_SECONDS,
    retention: config.RETENTION
      ? { requestsDays: config.RETENTION_REQUESTS_DAYS, decisionsDays: config.RETENTION_DECISIONS_DAYS }
      : null,
  };
}

/** Composition root of the runnable application: a host that imports the library as anyone else would. */
@Module({})
export class AppModule {
  static forRoot(config: Config, surroundings: Surroundings): DynamicModule {
    const throttlerStorage = new SharedThrottlerStorage({
      ...(config.REDIS_URL ? { redisUrl: config.REDIS_URL } : {}),
      instances: config.INSTANCES,
      // The same on every instance.
      secret: derivedKey(config, 'throttle keys'),
    });
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(loggerParams(config.LOG_LEVEL)),
        TypeOrmModule.forRoot({
          ...dataSourceOptions({
            url: surroundings.databaseUrl,
            schema: config.DATABASE_SCHEMA,
            poolSize: config.DATABASE_POOL_SIZE,
            entities,
          }),
          retryAttempts: 5,
          retryDelay: 1000,
        }),
        EventEmitterModule.forRoot(),
        ProtectionModule.forRoot(protectionOptions(config)),
        VerificationModule.forRoot(verificationOptions(config, surroundings, throttlerStorage)),
        HostModule.forRoot({
          demoUsers: surroundings.demoUsers ?? 'ignore',
          mail: surroundings.mail ?? null,
          accountKey: derivedKey(config, 'sign-in accounts'),
          issuer: config.VONAGE_BRAND_NAME,
          // The same switch as for the other fence by address.
          signIns: config.THROTTLE_ADDRESS && SIGN_INS,
          posts: { session: config.THROTTLE_SESSION, address: config.THROTTLE_ADDRESS },
          throttlerStorage,
          sessions: { keys: config.keys.sessions, https: config.production },
          sessionLifetimeSeconds: config.SESSION_LIFETIME_HOURS * 3600,
          admin: adminOptions(config),
        }),
        HealthModule,
      ],
    };
  }
}
