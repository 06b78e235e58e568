import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import {
  type EmbeddedPostgres,
  findEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/database/embedded-postgres/index.js';
import { migrate } from '../../src/schema.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

/** A Postgres of a test's own that may be killed: durable, and at one address through all its lives. */
export interface MortalPostgres {
  /** Migrated. Both by way of {@link network}. */
  readonly url: string;
  readonly adminUrl: string;
  readonly network: TcpProxy;
  /** Shut down in good order, and started again. Each of these returns when it answers again. */
  restart(): Promise<void>;
  /** -9 of one session's process; Postgres then ends all the others and recovers. */
  killBackend(): Promise<void>;
  /** -9 of the whole server, and started again. */
  killServer(): Promise<void>;
  /** Starts it if it has ended by itself, as a service manager does. @returns whether it had */
  startIfEnded(): Promise<boolean>;
  close(): Promise<void>;
}

const START_LIMIT_MS = 60_000;

/** @param folder where its data are; defaults to the system's folder for temporary files */
export async function startMortalPostgres(folder = tmpdir()): Promise<MortalPostgres> {
  const directory = mkdtempSync(join(folder, 'otp-mortal-'));
  // As root the server runs as another user, who has to get in.
  chmodSync(directory, 0o755);
  const dataDirectory = join(directory, 'postgres');
  // Not `forTests`: what was answered must survive.
  let server: EmbeddedPostgres = await startEmbeddedPostgres({ dataDirectory });
  const targetOf = ({ url }: EmbeddedPostgres) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
  const network = await startTcpProxy(targetOf(server));
  await migrate(server.url);

  const startAgain = async () => {
    const giveUpAt = performance.now() + START_LIMIT_MS;
    for (;;) {
      try {
        server = await startEmbeddedPostgres({ dataDirectory });
        break;
      } catch (error) {
        // Sessions of the killed server may still hold its memory.
        if (performance.now() > giveUpAt) throw error;
        await sleep(200);
      }
    }
    network.retarget(targetOf(server));
    await answers(server.url);
  };
  return {
    url: network.through(server.url),
    adminUrl: inDatabaseOf(server.url, network.through(server.adminUrl)),
    network,
    async restart() {
      await server.stop();
      await startAgain();
    },
    async killBackend() {
      const { rows } = await once<{ pid: number }>(
        server.url,
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'nest-sms-otp' AND pid <> pg_backend_pid() LIMIT 1`,
      );
      process.kill(rows[0]!.pid, 'SIGKILL');
      await sleep(50);
      await answers(server.url);
    },
    async killServer() {
      const pid = Number(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(pid, 'SIGKILL');
      await server.stop();
      await startAgain();
    },
    async startIfEnded() {
      const hasEnded = findEmbeddedPostgres(dataDirectory) === null;
      if (hasEnded) {
        await server.stop();
        await startAgain();
      } else await answers(server.url);
      return hasEnded;
    },
    async close() {
      await network.close();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function inDatabaseOf(url: string, other: string): string {
  const moved = new URL(other);
  moved.pathname = new URL(url).pathname;
  return moved.href;
}

async function answers(url: string): Promise<void> {
  const giveUpAt = performance.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await once(url, 'SELECT 1');
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await sleep(50);
    }
  }
}

async function once<Row extends pg.QueryResultRow>(url: string, text: string): Promise<pg.QueryResult<Row>> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.query<Row>(text);
  } finally {
    await client.end().catch(() => undefined);
  }
}
