import { chownSync, chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../src/database/index.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/database/embedded-postgres/index.js';
import { freshNumber } from './support/application.js';
import { makeCertificate, withOpenssl } from './support/certificates.js';
import { startLoggedInstance } from './support/logged-instance.js';
import { until } from './support/until.js';

/** A Postgres of this test's own. */
async function startServer(): Promise<{ server: EmbeddedPostgres; data: string; stop(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'otp-connections-'));
  // As root the server runs as another user, who has to get in.
  chmodSync(directory, 0o755);
  const data = join(directory, 'postgres');
  const server = await startEmbeddedPostgres({ dataDirectory: data });
  const stop = async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  return { server, data, stop };
}

/** @returns the rows of the last statement */
async function asAdmin(
  server: EmbeddedPostgres,
  ...statements: string[]
): Promise<Record<string, unknown>[]> {
  const admin = new pg.Client({ connectionString: server.adminUrl });
  // It may end its own connection.
  admin.on('error', () => undefined);
  await admin.connect();
  let rows: Record<string, unknown>[] = [];
  for (const statement of statements) ({ rows } = await admin.query(statement));
  await admin.end().catch(() => undefined);
  return rows;
}

/** Changes a setting of the server, and waits until new connections have it: the reload is asynchronous. */
async function configure(server: EmbeddedPostgres, setting: string, value: string): Promise<void> {
  await asAdmin(server, `ALTER SYSTEM SET ${setting} = ${value}`, 'SELECT pg_reload_conf()');
  await until(
    async () => {
      const [row] = await asAdmin(server, `SELECT current_setting('${setting}') AS value`);
      return row?.['value'] === value;
    },
    { what: `${setting} = ${value}` },
  );
}

const connect = async (url: string) => new DataSource(dataSourceOptions({ url, entities: [] })).initialize();

describe('DATABASE_URL with several servers', () => {
  it('uses the first that answers, and after a switch the one that takes writes', async () => {
    const [one, two] = await Promise.all([startServer(), startServer()]);
    const credentials = new URL(one.server.url);
    const port = ({ server }: typeof one) => Number(new URL(server.url).port);
    const url = `postgres://${credentials.username}:same@127.0.0.1:9,127.0.0.1:${port(one)},127.0.0.1:${port(two)}${credentials.pathname}?target_session_attrs=read-write`;
    let dataSource: DataSource | undefined;
    try {
      for (const { server } of [one, two])
        await asAdmin(server, `ALTER ROLE ${credentials.username} PASSWORD 'same'`);
      dataSource = await connect(url);
      const portNow = async () => {
        const [row] = await dataSource!.query('SELECT inet_server_port() AS port');
        return (row as { port: number }).port;
      };
      // The first queries after a switch may still find out that their server is gone.
      const comesTo = (expected: typeof one) =>
        until(async () => (await portNow().catch(() => undefined)) === port(expected), {
          what: 'the server that takes writes',
        });
      expect(await portNow()).toBe(port(one));
      await configure(one.server, 'default_transaction_read_only', 'on');
      await asAdmin(
        one.server,
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $$client backend$$',
      );
      await comesTo(two);
      await two.server.stop();
      await configure(one.server, 'default_transaction_read_only', 'off');
      await comesTo(one);
    } finally {
      await dataSource?.destroy();
      await one.stop();
      await two.stop();
    }
  });
});

withOpenssl('TLS', () => {
  it('sslmode=verify-full with sslrootcert encrypts, and refuses a server that the file does not vouch for', async () => {
    const { server, data, stop } = await startServer();
    const [own, other] = [makeCertificate(), makeCertificate()];
    try {
      const { uid, gid } = statSync(data);
      for (const [from, name] of [
        [own.certificate, 'server.crt'],
        [own.key, 'server.key'],
      ] as const) {
        const file = join(data, name);
        copyFileSync(from, file);
        chownSync(file, uid, gid);
        chmodSync(file, 0o600);
      }
      await configure(server, 'ssl', 'on');
      const url = (parameters: string) => {
        const changed = new URL(server.url);
        changed.hostname = 'localhost';
        changed.search = parameters;
        return changed.href;
      };
      const dataSource = await connect(url(`?sslmode=verify-full&sslrootcert=${own.certificate}`));
      expect(await dataSource.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toEqual([
        { ssl: true },
      ]);
      await dataSource.destroy();
      await expect(
        connect(url(`?sslmode=verify-full&sslrootcert=${other.certificate}`)),
      ).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    } finally {
      await stop();
      own.remove();
      other.remove();
    }
  });

  it('an expired certificate of Vonage is an error that says so, and nothing was sent', async () => {
    const { certificate, key, remove } = makeCertificate(-1);
    let requests = 0;
    const vonage = createServer(
      { cert: readFileSync(certificate), key: readFileSync(key) },
      (_request, response) => {
        requests += 1;
        response.end();
      },
    );
    await new Promise<void>((listening) => vonage.listen(0, '127.0.0.1', listening));
    const { port } = vonage.address() as AddressInfo;
    const instance = await startLoggedInstance({
      VONAGE_API_HOST: `https://localhost:${port}`,
      NODE_EXTRA_CA_CERTS: certificate,
    });
    try {
      const { status, body } = await instance.post('/request-otp', { phoneNumber: freshNumber() });
      expect([status, body['code']]).toEqual([503, 'provider-unavailable']);
      expect(await instance.line({ level: 50, msg: 'no secure connection to the provider' })).toMatchObject({
        detail: 'CERT_HAS_EXPIRED',
        cause: 'the TLS certificate has expired',
        operation: 'start',
      });
      expect(requests).toBe(0);
      const { rows } = await instance.sql.query('SELECT status, reason FROM otp_verification_requests');
      expect(rows).toEqual([{ status: 'FAILED', reason: 'send-rejected' }]);
    } finally {
      await instance.close();
      vonage.close();
      remove();
    }
  });
});
