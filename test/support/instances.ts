import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/app.setup.js';
import { loadConfig } from '../../src/config/index.js';
import type { TestApplication } from './application.js';
import { Client } from './client.js';
import { testEnvironment } from './environment.js';
import { OpenApiValidator } from './openapi-validator.js';

/** Further instances of an application, on its database, with its keys and its sandbox. Close them before it. */
export async function furtherInstances(
  application: TestApplication,
  count: number,
  env: Record<string, string>,
): Promise<{ all: TestApplication[]; close: () => Promise<void> }> {
  const { databaseUrl, dataDirectory, sandbox, mailbox } = application;
  const apps = await Promise.all(
    Array.from({ length: count }, () =>
      createApp(loadConfig(testEnvironment({ databaseUrl, dataDirectory }, env)), {
        databaseUrl,
        vonageApiHost: sandbox.url,
        mail: { mailer: mailbox, publicUrl: () => 'http://localhost:3000' },
      }),
    ),
  );
  const others: TestApplication[] = [];
  for (const app of apps) {
    await app.listen(0, '127.0.0.1');
    const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
    others.push({ ...application, app, url, client: new Client(url, await OpenApiValidator.of(url)) });
  }
  return {
    all: [application, ...others],
    close: async () => {
      await Promise.all(apps.map((app) => app.close()));
    },
  };
}
