import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/app.setup.js';
import { loadConfig } from '../../src/config/index.js';
import { type Answer, Client } from '../support/client.js';
import { testEnvironment } from '../support/environment.js';
import { OpenApiValidator } from '../support/openapi-validator.js';
import { startApplication, type TestApplication } from '../support/application.js';

/** Nothing but the rules that a test names is enforced; the others are off. */
export const ONLY = (...rules: string[]) => ({
  PROTECTION: 'off',
  RULE_MODES: rules.map((rule) => `${rule}:enforce`).join(','),
  // So that a caller can come from any address.
  TRUST_PROXY: 'loopback',
});

/** Hundreds of parallel starts on a busy machine: the sandbox may take its time. */
const PATIENT = { VONAGE_TIMEOUT_MS: '30000' };

export const startProtected = (env: Record<string, string>): Promise<TestApplication> =>
  startApplication({ TRUST_PROXY: 'loopback', ...PATIENT, ...env });

/** One more instance on the same data. */
export async function anotherInstance(application: TestApplication, env: Record<string, string>) {
  const config = loadConfig(testEnvironment(application, { ...PATIENT, ...env }));
  const app = await createApp(config, {
    databaseUrl: application.databaseUrl,
    vonageApiHost: application.sandbox.url,
  });
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  return { client: new Client(url, await OpenApiValidator.of(url)), close: () => app.close() };
}

/** A start as a stranger asks for it. */
export function start(
  client: Client,
  phoneNumber: string,
  { from = '198.51.100.1', session }: { from?: string; session?: string } = {},
): Promise<Answer> {
  return client.json(
    'POST',
    '/request-otp',
    { phoneNumber },
    {
      'X-Forwarded-For': from,
      ...(session ? { Cookie: `otp-caller=${session.padEnd(22, 'A').slice(0, 22)}` } : {}),
    },
  );
}

export const cancel = (client: Client, answer: Answer, headers: Record<string, string> = {}) =>
  client.json('POST', '/cancel-otp', { requestId: answer.body['requestId'] }, headers);

/** How many of each status came. */
export function tally(answers: Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Numbers that share their first six digits. */
export const numberOf = (prefix: string, index: number) =>
  `+${prefix}${String(5_000_000 + index)
    .padStart(7, '0')
    .slice(-(11 - prefix.length))}`;
