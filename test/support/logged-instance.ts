import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { createTestDatabase } from './database.js';
import { freePort } from './free-port.js';
import { type Program, run } from './program.js';
import { until } from './until.js';

export type LogLine = Record<string, unknown> & { msg?: string };

/** The compiled application in production, whose log is read. */
export interface LoggedInstance {
  url: string;
  program: Program;
  sandbox: Sandbox;
  sql: pg.Pool;
  /** What it wrote to its log so far. */
  lines(): LogLine[];
  /** Waits for a line that has these fields. */
  line(fields: LogLine): Promise<LogLine>;
  /** A call with JSON. */
  post(path: string, body: object): Promise<{ status: number; body: Record<string, any> }>;
  close(): Promise<void>;
}

const ring = () => `k1:${randomBytes(32).toString('base64')}`;

export async function startLoggedInstance(env: Record<string, string> = {}): Promise<LoggedInstance> {
  const database = await createTestDatabase();
  const sandbox = await startSandbox({ port: 0, requestsPerSecond: 0 });
  const directory = mkdtempSync(join(tmpdir(), 'otp-log-'));
  const port = await freePort();
  const program = run(process.execPath, ['dist/src/main.js'], {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(port),
    SHUTDOWN_DELAY_MS: '0',
    DATABASE_URL: database.url,
    DATA_DIRECTORY: directory,
    VONAGE_API_HOST: sandbox.url,
    VONAGE_API_KEY: 'key',
    VONAGE_API_SECRET: 'secret',
    ALLOWED_COUNTRIES: 'US',
    TRUST_PROXY: 'loopback',
    PHONE_ENCRYPTION_KEYS: ring(),
    PHONE_FINGERPRINT_KEYS: ring(),
    SESSION_KEYS: ring(),
    NUMBER_COOLDOWN_SECONDS: 'off',
    ...env,
  });
  const sql = new pg.Pool({ connectionString: database.adminUrl, max: 2 });
  const lines = () =>
    program
      .output()
      .split('\n')
      .flatMap((text): LogLine[] => (text.startsWith('{') && text.endsWith('}') ? [JSON.parse(text)] : []));
  const line = async (fields: LogLine) => {
    const find = () =>
      lines().find((each) => Object.entries(fields).every(([name, value]) => each[name] === value));
    await until(() => find() !== undefined, { what: `the log line ${JSON.stringify(fields)}` });
    return find()!;
  };
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    program.process.kill('SIGTERM');
    await program.ended();
    await sql.end();
    await sandbox.close();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await line({ msg: 'started' });
  } catch (error) {
    await close();
    throw new Error(program.output(), { cause: error });
  }
  return {
    url,
    program,
    sandbox,
    sql,
    lines,
    line,
    post: async (path, body) => {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, any> };
    },
    close,
  };
}
