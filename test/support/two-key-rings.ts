import { randomBytes } from 'node:crypto';
import { createApp } from '../../src/app.setup.js';
import { loadConfig } from '../../src/config/index.js';
import { startApplication } from './application.js';
import { testEnvironment } from './environment.js';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

/** An application under old keys, and what is needed for another one on its data under other rings. */
export async function twoKeyRings() {
  const [oldEncryption, newEncryption, oldFingerprint, newFingerprint] = ['e1', 'e2', 'f1', 'f2'].map(
    key,
  ) as [string, string, string, string];
  const before = await startApplication({
    PHONE_ENCRYPTION_KEYS: oldEncryption,
    PHONE_FINGERPRINT_KEYS: oldFingerprint,
  });
  const environment = testEnvironment(before, { VONAGE_API_HOST: before.sandbox.url });
  const both = {
    ...environment,
    PHONE_ENCRYPTION_KEYS: `${newEncryption},${oldEncryption}`,
    PHONE_FINGERPRINT_KEYS: `${newFingerprint},${oldFingerprint}`,
  };
  const onlyNew = {
    ...environment,
    PHONE_ENCRYPTION_KEYS: newEncryption,
    PHONE_FINGERPRINT_KEYS: newFingerprint,
  };
  const instance = (env: Record<string, string>) =>
    createApp(loadConfig(env), { databaseUrl: before.databaseUrl, vonageApiHost: before.sandbox.url });
  return { before, both, onlyNew, instance };
}
