import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import pg from 'pg';
import { createApp } from '../../src/app.setup.js';
import { loadConfig } from '../../src/config/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { type Answer, Client } from './client.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { testEnvironment } from './environment.js';
import { Mailbox } from './mailbox.js';
import { OpenApiValidator } from './openapi-validator.js';

/** Numbers that are valid and nobody else's, one after the other. */
let nextNumber = 0;
export function freshNumber(): string {
  nextNumber += 1;
  return `+1415${5_560_000 + nextNumber}`;
}

export interface TestApplication {
  url: string;
  /** For further instances on the same data. */
  databaseUrl: string;
  /** Its keys lie there. */
  dataDirectory: string;
  app: NestExpressApplication;
  sandbox: Sandbox;
  /** Straight to the application's own database, as a superuser. */
  sql: pg.Pool;
  client: Client;
  /** Of everybody. */
  mailbox: Mailbox;
  /** The newest code that was sent to a number. */
  codeFor(phoneNumber: string): string;
  /** A started request, as JSON. */
  started(phoneNumber?: string): Promise<{ requestId: string; phoneNumber: string; code: string }>;
  /** Injects a fault into the sandbox; see its POST /faults. */
  fault(spec: object): Promise<void>;
  /** Lets time pass at the provider. */
  advanceProvider(seconds: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The whole application in this process: real HTTP, real Postgres, the sandbox behind the real SDK over a socket.
 * @param given a database that is migrated already; closing the application drops it
 */
export async function startApplication(
  env: Record<string, string> = {},
  given?: TestDatabase,
): Promise<TestApplication> {
  const database = given ?? (await createTestDatabase());
  const sandbox = await startSandbox({ port: 0, requestsPerSecond: 0 });
  const dataDirectory = mkdtempSync(join(tmpdir(), 'otp-app-'));
  const config = loadConfig(testEnvironment({ databaseUrl: database.url, dataDirectory }, env));
  const mailbox = new Mailbox();
  const app = await createApp(config, {
    databaseUrl: database.url,
    vonageApiHost: env['VONAGE_API_HOST'] ?? sandbox.url,
    mail: { mailer: mailbox, publicUrl: () => 'http://localhost:3000' },
  });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const sql = new pg.Pool({ connectionString: database.adminUrl, max: 2 });
  const client = new Client(url, await OpenApiValidator.of(url));

  const control = async (path: string, body: object) => {
    const response = await fetch(sandbox.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`the sandbox answered ${response.status} ${await response.text()}`);
  };
  const codeFor = (phoneNumber: string) => {
    const message = sandbox.ledger(phoneNumber).at(-1);
    if (!message) throw new Error(`no message to ${phoneNumber}`);
    return message.code;
  };
  return {
    url,
    databaseUrl: database.url,
    dataDirectory,
    app,
    sandbox,
    sql,
    client,
    mailbox,
    codeFor,
    async started(phoneNumber = freshNumber()) {
      const answer: Answer = await client.json('POST', '/request-otp', { phoneNumber });
      if (answer.status !== 200) throw new Error(`start answered ${answer.status} ${answer.text}`);
      return { requestId: answer.body['requestId'] as string, phoneNumber, code: codeFor(phoneNumber) };
    },
    fault: (spec) => control('/faults', spec),
    advanceProvider: (seconds) => control('/clock', { advanceSeconds: seconds }),
    async close() {
      await sql.end();
      await app.close();
      await sandbox.close();
      await database.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** A code of the same length that is not this one. */
export function wrongCode(code: string): string {
  return code.replace(/^./, (digit) => String((Number(digit) + 1) % 10));
}
