/**
 * Tests call as fast as they can and break what they like, so nothing that limits or repairs is on; the tests of such a
 * thing set its variables themselves.
 */
const QUIET = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'silent',
  THROTTLE_ADDRESS: 'off',
  THROTTLE_NUMBER: 'off',
  THROTTLE_REQUEST: 'off',
  THROTTLE_SESSION: 'off',
  OVERLOAD_WAIT_MS: 'off',
  VONAGE_TIMEOUT_MS: '5000',
  VONAGE_REQUESTS_PER_SECOND: 'off',
  VONAGE_FAILURES_BEFORE_BREAK: 'off',
  RECONCILE_EVERY_SECONDS: 'off',
  JOURNAL_SEAL_SECONDS: 'off',
  PROTECTION: 'off',
  PROTECTION_WATCH_SECONDS: 'off',
  STATISTICS_EVERY_SECONDS: 'off',
  RETENTION: 'off',
};

/** The variables of an instance of the tests, on these data. */
export const testEnvironment = (
  { databaseUrl, dataDirectory }: { databaseUrl: string; dataDirectory: string },
  overrides: Record<string, string> = {},
): Record<string, string> => ({
  ...QUIET,
  DATABASE_URL: databaseUrl,
  DATA_DIRECTORY: dataDirectory,
  ...overrides,
});
