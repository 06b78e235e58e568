import type { Config } from './config/index.js';
import { DEMO_PASSWORD, DEMO_USERS } from './host/index.js';
import { describeService } from './verification/index.js';

/** What the log says in production once the application listens: what runs, and how it is configured. No secrets. */
export function startedLine(config: Config, port: number): Record<string, unknown> {
  const { PUBLIC_URL, INSTANCES, REDIS_URL, SMTP_URL, DATABASE_POOL_SIZE, VONAGE_VERIFY_API, options } =
    config;
  return {
    version: describeService().version,
    node: process.version,
    port,
    publicUrl: PUBLIC_URL ?? null,
    trustedProxies: config.TRUST_PROXY,
    database: config.DATABASE_URL ? 'external' : 'embedded',
    poolSize: DATABASE_POOL_SIZE,
    instances: INSTANCES,
    redis: REDIS_URL !== undefined,
    email: SMTP_URL !== undefined,
    vonage: config.sandbox ? 'sandbox' : (VONAGE_VERIFY_API ?? 'v2'),
    countries: options.verification['policy']?.allowedCountries ?? 'all',
    protection: options.protection['mode'] ?? 'enforce',
    retention: config.RETENTION !== null,
  };
}

/** What a person sees who has just started the application. */
export function banner({
  port,
  sandboxUrl,
  demoUsers = false,
}: {
  port: number;
  sandboxUrl?: string;
  demoUsers?: boolean;
}): string {
  const url = `http://localhost:${port}`;
  const phone = sandboxUrl?.replace('127.0.0.1', 'localhost');
  return [
    '',
    `  The application   ${url}`,
    ...(phone ? [`  The phone         ${phone}   (sandbox: messages arrive here, nothing is sent)`] : []),
    ...(demoUsers
      ? [`  Sign in           ${url}/sign-in   as ${DEMO_USERS[0].email}, ${DEMO_PASSWORD}`]
      : []),
    `  The API           ${url}/docs`,
    '',
    '  Try it:',
    `    curl -H 'Accept: application/json' -d phoneNumber=14155552671 ${url}/request-otp`,
    ...(phone ? [`    curl '${phone}/ledger?to=14155552671'`] : []),
    '',
    '',
  ].join('\n');
}
