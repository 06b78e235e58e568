import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, loadConfig } from '../../src/config/index.js';

/** A key ring as the environment has it. */
export const keyRing = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

/** Enough for production. */
export const productionVariables = () => ({
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://otp@localhost/otp',
  ALLOWED_COUNTRIES: 'US',
  VONAGE_API_KEY: 'abc',
  VONAGE_API_SECRET: 'def',
  PHONE_ENCRYPTION_KEYS: keyRing('e1'),
  PHONE_FINGERPRINT_KEYS: keyRing('f1'),
  SESSION_KEYS: keyRing('s1'),
});

/** Reads a configuration as a new machine does. Each test has a directory of its own. */
export function onNewMachine() {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'otp-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const load = (env: NodeJS.ProcessEnv) => loadConfig({ DATA_DIRECTORY: directory, ...env });
  const problemsOf = (env: NodeJS.ProcessEnv) => {
    try {
      load(env);
      return [];
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      return (error as ConfigurationError).problems;
    }
  };
  return { load, problemsOf, directory: () => directory };
}
