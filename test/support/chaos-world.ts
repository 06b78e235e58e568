import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import type { Answer } from './client.js';
import { type Cluster, type ClusterOptions, type Instance, startCluster } from './cluster.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { testEnvironment } from './environment.js';
import { type Allowed, History, type Operation, violationsOf } from './history.js';
import { ProviderWords } from './provider-words.js';
import { installRowLog, readRowLog } from './row-log.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { until } from './until.js';

export interface WorldOptions extends Omit<ClusterOptions, 'env'> {
  env?: Record<string, string>;
  /** A migrated, empty database, as the application's role and as a superuser; defaults to one of this world's own. */
  database?: Pick<TestDatabase, 'url' | 'adminUrl'>;
  /** Of the sandbox; defaults to no limit. */
  requestsPerSecond?: number;
}

export type Call = Omit<Operation, 'kind' | 'invokedAt' | 'instance'>;

/** What the application answered; null when it did not. */
export type Reply = Answer | null;

export interface World {
  cluster: Cluster;
  sandbox: Sandbox;
  /** Between the application and the sandbox. */
  network: TcpProxy;
  words: ProviderWords;
  history: History;
  /** Straight to the database, as a superuser. */
  sql: pg.Pool;
  /** Calls are made to the next instance in turn unless `on` names one, and are written down in the history. */
  start(phoneNumber: string, on?: Instance): Promise<Reply>;
  check(requestId: string, otpCode: string, code: 'right' | 'wrong', on?: Instance): Promise<Reply>;
  read(requestId: string, on?: Instance): Promise<Reply>;
  /** The newest code that was sent to a number; undefined when none was. */
  codeFor(phoneNumber: string): string | undefined;
  fault(spec: object): Promise<void>;
  /** Waits until the fate of every message is known: nothing is being sent, and no answer is missing. */
  settled(withinMs?: number): Promise<void>;
  /** What the run did that must never happen. */
  violations(allowed?: Partial<Allowed>): Promise<string[]>;
  close(): Promise<void>;
}

/** Longer than anything the application takes on purpose. */
const CALL_LIMIT_MS = 30_000;

/** Three processes of the application on one database, the sandbox behind a network, and everybody who keeps a record. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { env = {}, database: given, requestsPerSecond = 0, ...clusterOptions } = options;
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const own = given ? null : await createTestDatabase();
    if (own) closing.push(() => own.drop());
    const { url, adminUrl } = given ?? own!;
    const sql = new pg.Pool({ connectionString: adminUrl, max: 3 });
    // Tests kill sessions on purpose.
    sql.on('error', () => undefined);
    closing.push(() => sql.end());
    await installRowLog(sql);

    const sandbox = await startSandbox({ port: 0, requestsPerSecond });
    closing.push(() => sandbox.close());
    const words = new ProviderWords();
    const network = await startTcpProxy({ host: '127.0.0.1', port: sandbox.port }, words.tap);
    closing.push(() => network.close());
    const dataDirectory = mkdtempSync(join(tmpdir(), 'otp-chaos-'));
    closing.push(() => rmSync(dataDirectory, { recursive: true, force: true }));

    const key = () => `k:${randomBytes(32).toString('base64')}`;
    const cluster = await startCluster({
      ...clusterOptions,
      env: testEnvironment(
        { databaseUrl: url, dataDirectory },
        {
          LOG_LEVEL: 'fatal',
          PHONE_ENCRYPTION_KEYS: key(),
          PHONE_FINGERPRINT_KEYS: key(),
          VONAGE_API_HOST: network.httpUrl,
          // Long: a start that is given up and arrives late sends a message of its own, and this machine may be slow.
          VONAGE_TIMEOUT_MS: '5000',
          RECONCILE_EVERY_SECONDS: '1',
          ...env,
        },
      ),
    });
    closing.push(() => cluster.close());
    return { cluster, sandbox, network, words, sql, close, ...recorder({ cluster, sandbox, words, sql }) };
  } catch (error) {
    await close();
    throw error;
  }
}

type Parts = Pick<World, 'cluster' | 'sandbox' | 'words' | 'sql'>;

function recorder({ cluster, sandbox, words, sql }: Parts) {
  const history = new History();

  /** Nobody there is no answer either. */
  const call = async (kind: Operation['kind'], details: Call, send: Sent, on = cluster.next()) => {
    const client = on?.client;
    if (!client) return null;
    const operation = history.invoke({ kind, instance: on.index, ...details });
    const answer = await client
      .send(send.method, send.path, {
        headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
        ...(send.body ? { body: JSON.stringify(send.body) } : {}),
        signal: AbortSignal.timeout(CALL_LIMIT_MS),
      })
      .catch(withoutAnswer);
    if (!answer) return null;
    operation.answeredAt = Date.now();
    operation.status = answer.status;
    const { code, requestId } = answer.body;
    if (typeof code === 'string') operation.problem = code;
    if (typeof requestId === 'string') operation.requestId ??= requestId;
    return answer;
  };

  return {
    history,
    start: (phoneNumber: string, on?: Instance) =>
      call('start', { phoneNumber }, { method: 'POST', path: '/request-otp', body: { phoneNumber } }, on),
    check: (requestId: string, otpCode: string, code: 'right' | 'wrong', on?: Instance) =>
      call(
        'check',
        { requestId, code },
        { method: 'POST', path: '/verify-otp', body: { requestId, otpCode } },
        on,
      ),
    read: (requestId: string, on?: Instance) =>
      call('read', { requestId }, { method: 'GET', path: `/verifications/${requestId}` }, on),
    codeFor: (phoneNumber: string) => sandbox.ledger(phoneNumber).at(-1)?.code,
    async fault(spec: object) {
      const response = await fetch(`${sandbox.url}/faults`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(spec),
      });
      if (!response.ok) throw new Error(`the sandbox answered ${response.status} ${await response.text()}`);
    },
    settled: (withinMs?: number) =>
      until(
        async () => {
          const { rows } = await sql.query<{ open: number }>(
            `SELECT count(*)::int AS open FROM otp_verification_requests
              WHERE status = 'SENDING' OR (status = 'PENDING' AND send_lease_until IS NOT NULL)`,
          );
          return rows[0]!.open === 0;
        },
        { what: 'the fate of every message is known', ...(withinMs ? { withinMs } : {}) },
      ),
    async violations(allowed?: Partial<Allowed>) {
      const versions = await readRowLog(sql);
      const { rows } = await sql.query<{ now: Date }>('SELECT clock_timestamp() AS now');
      const { checksByRequest } = sandbox.calls();
      const { operations } = history;
      const ledger = sandbox.ledger();
      const evidence = {
        operations,
        ledger,
        checksByRequest,
        matched: words.matched,
        versions,
        now: rows[0]!.now,
      };
      return violationsOf(evidence, allowed);
    },
  };
}

interface Sent {
  method: string;
  path: string;
  body?: object;
}

/** A connection that broke, or that nothing came over; anything else that is thrown is a finding. */
function withoutAnswer(error: unknown): null {
  // By name: Jest's realm has a TypeError of its own.
  const { name, message } = error as Error;
  const broken = name === 'TypeError' && /fetch failed|terminated/.test(message);
  if (broken || name === 'TimeoutError') return null;
  throw error;
}
