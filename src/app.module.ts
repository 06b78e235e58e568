import { hkdfSync } from 'node:crypto';
import { type DynamicModule, Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LoggerModule } from 'nestjs-pino';
import type { Config } from './config/index.js';
import { dataSourceOptions } from './database/index.js';
import { tablesOf } from './schema.js';
import { type HostMail, HostModule, User } from './host/index.js';
import { SharedThrottlerStorage } from './http/index.js';
import { HealthModule, loggerParams, MetricsModule } from './operations/index.js';
import { ProtectionModule } from './protection/index.js';
import { type VerificationModuleOptions, VerificationModule } from './verification/index.js';

/** Where a running application finds what it does not bring itself. */
export interface Surroundings {
  databaseUrl: string;
  /** How long a statement may run; 0 for no limit. As in the options of the database by default. */
  statementTimeoutMs?: number;
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

/** What the environment says, and what only the running application knows. */
function verificationOptions(
  config: Config,
  { vonageApiHost, vonageSignatureSecret }: Surroundings,
  storage: ThrottlerStorage,
): VerificationModuleOptions {
  const {
    options: { verification },
    keys,
    VONAGE_BRAND_NAME,
  } = config;
  return {
    ...verification,
    vonage: {
      apiKey: SANDBOX_CREDENTIAL,
      apiSecret: SANDBOX_CREDENTIAL,
      brand: VONAGE_BRAND_NAME,
      ...verification['vonage'],
      ...(vonageApiHost && { apiHost: vonageApiHost }),
      ...(vonageSignatureSecret && { signatureSecret: vonageSignatureSecret }),
    },
    http: { https: config.production, publicUrl: config.PUBLIC_URL ?? null },
    keys: { encryption: keys.encryption, fingerprint: keys.fingerprint },
    throttle: { ...verification['throttle'], storage },
    database: { ...verification['database'], ...tablesOf(config) },
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
            ...tablesOf(config),
            poolSize: config.DATABASE_POOL_SIZE,
            ...(surroundings.statementTimeoutMs === undefined
              ? {}
              : { statementTimeoutMs: surroundings.statementTimeoutMs }),
            entities: [User],
          }),
          retryAttempts: 5,
          retryDelay: 1000,
        }),
        EventEmitterModule.forRoot(),
        ProtectionModule.forRoot(config.options.protection),
        VerificationModule.forRoot({
          ...verificationOptions(config, surroundings, throttlerStorage),
          pages: { autoSubmit: config.AUTO_SUBMIT_CODES },
        }),
        HostModule.forRoot({
          showsComponents: surroundings.vonageApiHost !== undefined,
          demoUsers: surroundings.demoUsers ?? 'ignore',
          mail: surroundings.mail ?? null,
          accountKey: derivedKey(config, 'sign-in accounts'),
          issuer: config.VONAGE_BRAND_NAME,
          // Switched off together with the throttle by address.
          signIns: config.THROTTLE_ADDRESS === null ? null : SIGN_INS,
          posts: { ...config.options.twoFactor['throttle'], address: config.THROTTLE_ADDRESS },
          throttlerStorage,
          sessions: { keys: config.keys.sessions, https: config.production },
          sessionLifetimeSeconds: config.SESSION_LIFETIME_HOURS * 3600,
          admin: config.options.admin,
        }),
        HealthModule.forRoot({ https: config.production, publicUrl: config.PUBLIC_URL ?? null }),
        ...(config.METRICS_PORT === undefined
          ? []
          : [MetricsModule.forRoot({ port: config.METRICS_PORT, host: config.HOST })]),
      ],
    };
  }
}
