import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { migrate } from '../../dist/src/schema.js';

const key = () => `k1:${randomBytes(32).toString('base64')}`;

/**
 * As a user runs it in production, behind a proxy on the same machine, everything switched on with the limits that it
 * comes with: every number calls from an address of its own.
 */
export const ENVIRONMENT = {
  NODE_ENV: 'production',
  ALLOWED_COUNTRIES: 'off',
  // Every rule is on. Only the limits a day that all numbers share are raised, so that none of them ends the run.
  PROTECTION: 'enforce',
  LIMIT_PREFIX_PER_DAY: '100000000',
  LIMIT_COUNTRY_PER_DAY: '100000000',
  BUDGET_PER_DAY: '100000000',
  BUDGET_PER_COUNTRY_PER_DAY: '100000000',
  CONVERSION: '1/100000',
  HOST: '127.0.0.1',
  LOG_LEVEL: 'info',
  SANDBOX: 'off',
  PHONE_ENCRYPTION_KEYS: key(),
  PHONE_FINGERPRINT_KEYS: key(),
  SESSION_KEYS: key(),
  TRUST_PROXY: 'loopback',
  VONAGE_REQUESTS_PER_SECOND: '100000',
};
export const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'src', 'main.js');

/** @type {import('./index.mjs').Contender} */
export const application = {
  title: 'this application',
  prepare: migrate,
  script: MAIN,
  env: ENVIRONMENT,
  conversation: 'json',
  verifiedRows: `SELECT provider_request_id AS key FROM otp_verification_requests
                  WHERE created_at >= $1 AND status = 'VERIFIED' AND attempts = 1 AND sends = 1`,
  ledgerKey: 'providerRequestId',
};

/** What the rules cost. @type {import('./index.mjs').Contender} */
export const applicationWithoutRules = {
  ...application,
  title: 'this application, `PROTECTION=off`',
  env: { ...ENVIRONMENT, PROTECTION: 'off' },
};
