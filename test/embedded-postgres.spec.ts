import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';

/*
 * Owners are processes that really die, so each is a node of its own that runs the compiled launcher: see `npm test`.
 */
const LAUNCHER = resolve('dist/database/embedded-postgres');
const OWNER = `
  const { startEmbeddedPostgres } = await import(process.argv[3]);
  // Ends with the test that started it, however that ends.
  process.stdin.resume().on('end', () => process.exit(1)).unref();
  const say = (report) => process.stdout.write(JSON.stringify(report) + '\\n');
  try {
    const server = await startEmbeddedPostgres({ dataDirectory: process.argv[1], forTests: process.argv[2] === 'for tests' });
    const busy = setInterval(() => {}, 1000);
    process.on('SIGTERM', async () => {
      await server.stop();
      clearInterval(busy);
    });
    say({ url: server.url, adminUrl: server.adminUrl, adopted: server.adopted });
  } catch (error) {
    say({ error: error.name, message: error.message });
  }
`;

interface Report {
  url: string;
  adminUrl: string;
  adopted: boolean;
  error?: string;
  message?: string;
}

interface Owner {
  process: ChildProcess;
  report: Promise<Report>;
  /** The exit code, or the signal that ended it. */
  exit: Promise<number | string>;
}

let folder: string;
let dataDirectory: string;
let owners: Owner[] = [];

interface OwnerOptions {
  durable?: boolean;
  /** The folder of the compiled launcher. */
  launcher?: string;
}

function startOwner({ durable = false, launcher = LAUNCHER }: OwnerOptions = {}): Owner {
  const module = pathToFileURL(join(launcher, 'index.js')).href;
  const mode = durable ? 'durable' : 'for tests';
  const child = spawn(process.execPath, ['--input-type=module', '-e', OWNER, dataDirectory, mode, module], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // A group of its own, so that a test can kill it together with its initdb.
    detached: true,
  });
  const exit = new Promise<number | string>((done) =>
    child.once('exit', (code, signal) => done(code ?? signal ?? '')),
  );
  const report = new Promise<Report>((done, fail) => {
    createInterface(child.stdout).once('line', (line) => done(JSON.parse(line) as Report));
    void exit.then((code) => fail(new Error(`the owner ended with ${code} and no report`)));
  });
  report.catch(() => undefined);
  const owner = { process: child, report, exit };
  owners.push(owner);
  return owner;
}

async function running(options?: OwnerOptions): Promise<{ owner: Owner; report: Report }> {
  const owner = startOwner(options);
  const report = await owner.report;
  expect(report).toEqual({
    url: expect.stringMatching(/^postgres:\/\/.+@127\.0\.0\.1:\d+\/app\b/),
    adminUrl: expect.stringMatching(/^postgres:\/\/postgres:/),
    adopted: expect.any(Boolean),
  });
  return { owner, report };
}

async function stop(owner: Owner): Promise<void> {
  owner.process.kill('SIGTERM');
  expect(await owner.exit).toBe(0);
}

async function kill(owner: Owner): Promise<void> {
  owner.process.kill('SIGKILL');
  await owner.exit;
}

const firstNumber = (file: string) => parseInt(readFileSync(file, 'utf8'), 10);
/** The folder that an initdb works in, until it is done. */
const draft = () => readdirSync(folder).find((name) => /\.new-[0-9a-f]+$/.test(name));
const serverProcess = () => firstNumber(join(dataDirectory, 'postmaster.pid'));
const watchdogProcess = () => firstNumber(`${dataDirectory}.watchdog`);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended and that nobody has reaped yet counts as gone.
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function eventually(condition: () => boolean, withinMs: number): Promise<void> {
  const giveUpAt = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > giveUpAt) throw new Error(`not so within ${withinMs} ms: ${String(condition)}`);
    await sleep(10);
  }
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.map((row) => Object.values(row)[0]);
  } finally {
    await client.end();
  }
}

const remember = (url: string) => query(url, `CREATE TABLE kept AS SELECT 'a secret' AS word`);
const recall = (url: string) => query(url, 'SELECT word FROM kept');

function isAvailable(): boolean {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    createRequire(resolve('package.json')).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return existsSync('dist');
  } catch {
    return false;
  }
}

(isAvailable() ? describe : describe.skip)('the embedded Postgres', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'otp-embedded-'));
    chmodSync(folder, 0o755);
    dataDirectory = join(folder, 'postgres');
    owners = [];
  });

  afterEach(async () => {
    const server = existsSync(join(dataDirectory, 'postmaster.pid')) ? serverProcess() : null;
    for (const owner of owners) {
      owner.process.kill('SIGKILL');
      await owner.exit;
    }
    if (server) {
      try {
        process.kill(server, 'SIGINT');
      } catch {
        // Gone already, as it should be.
      }
      await eventually(() => !isAlive(server), 10_000);
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps data over a restart, lets its owner exit by itself and leaves no process behind', async () => {
    const first = await running();
    expect(first.report.adopted).toBe(false);
    await remember(first.report.url);
    const processes = [serverProcess(), watchdogProcess()];
    expect(processes.map(isAlive)).toEqual([true, true]);
    await stop(first.owner);
    expect(processes.map(isAlive)).toEqual([false, false]);

    const second = await running();
    expect(second.report.adopted).toBe(false);
    expect(await recall(second.report.url)).toEqual(['a secret']);
    await stop(second.owner);
    expect(readdirSync(folder).filter((name) => /new-|lock|watchdog/.test(name))).toEqual([]);
  });

  it('listens on loopback only, demands a password, and keeps statements and parameters out of its log', async () => {
    const { owner, report } = await running();
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
    const log = readFileSync(`${dataDirectory}.log`, 'utf8');
    expect(log).toContain('division by zero');
    expect(log).not.toMatch(/14155552671|SELECT 1/);
  });

  it('goes down within five seconds when its owner is killed, and starts again at once', async () => {
    const { owner, report } = await running();
    await remember(report.url);
    const processes = [serverProcess(), watchdogProcess()];
    await kill(owner);
    await eventually(() => !processes.some(isAlive), 5000);

    const { owner: next, report: again } = await running();
    await kill(next);
    // The server of the killed one may still be shutting down.
    const { owner: last, report: third } = await running();
    expect(await recall(third.url)).toEqual(['a secret']);
    expect(again.adopted).toBe(false);
    await stop(last);
  });

  it('adopts the server of a run that was killed together with its watchdog', async () => {
    const first = await running();
    await remember(first.report.url);
    const server = serverProcess();
    process.kill(watchdogProcess(), 'SIGKILL');
    await kill(first.owner);
    expect(isAlive(server)).toBe(true);

    const second = await running();
    expect(second.report).toEqual({ ...first.report, adopted: true });
    expect(serverProcess()).toBe(server);
    expect(await recall(second.report.url)).toEqual(['a secret']);

    const watchdog = watchdogProcess();
    await stop(second.owner);
    expect([server, watchdog].map(isAlive)).toEqual([false, false]);
  });

  it('lets one of two simultaneous first starts win and refuses the other and every later one', async () => {
    const reports = await Promise.all([startOwner().report, startOwner().report]);
    const refused = reports.filter((report) => report.error);
    expect(refused).toEqual([
      { error: 'EmbeddedPostgresError', message: expect.stringContaining('in use by another') },
    ]);

    const { url } = reports.find((report) => !report.error)!;
    const third = await startOwner().report;
    expect(third.message).toContain('Stop that one first');
    await remember(url);
    expect(await recall(url)).toEqual(['a secret']);
  });

  it('survives a crash of the server: the owner lives on, and the next start has all that was committed', async () => {
    const { owner, report } = await running({ durable: true });
    await remember(report.url);
    process.kill(serverProcess(), 'SIGKILL');
    await sleep(300);
    expect(existsSync(join(dataDirectory, 'postmaster.pid'))).toBe(true);
    await stop(owner);

    const next = await running();
    expect(next.report.adopted).toBe(false);
    expect(await recall(next.report.url)).toEqual(['a secret']);
    await stop(next.owner);
  });

  it('starts afresh after a first start that was killed in the middle of initdb', async () => {
    const first = startOwner();
    await eventually(() => !!draft() && existsSync(join(folder, draft()!, 'base', '1')), 10_000);
    process.kill(-first.process.pid!, 'SIGKILL');
    await first.exit;
    expect(existsSync(dataDirectory)).toBe(false);

    const second = await running();
    expect(await query(second.report.url, 'SELECT current_database()')).toEqual(['app']);
    expect(draft()).toBeUndefined();
    await stop(second.owner);
  });

  it('gives the application a role that is no superuser and owns its database', async () => {
    const { owner, report } = await running();
    expect(
      await query(report.url, 'SELECT usesuper OR usecreatedb FROM pg_user WHERE usename = current_user'),
    ).toEqual([false]);
    await query(report.url, 'CREATE TABLE mine (word text)');
    await stop(owner);
  });

  it('hands over what the superuser made before the application had a role of its own', async () => {
    const { owner, report } = await running();
    const older = new URL(report.adminUrl);
    older.pathname = '/app';
    await query(older.href, 'CREATE TABLE older (word text)');
    await stop(owner);
    const { owner: next, report: again } = await running();
    await query(again.url, 'ALTER TABLE older ADD COLUMN mine text');
    await stop(next);
  });

  it('refuses the data of another major version and says so', async () => {
    await stop((await running()).owner);
    writeFileSync(join(dataDirectory, 'PG_VERSION'), '13\n');
    const report = await startOwner().report;
    expect(report.error).toBe('EmbeddedPostgresError');
    expect(report.message).toMatch(/belongs to Postgres 13, and this package brings \d+/);
  });

  it('remains the only owner when Postgres has dropped its connection', async () => {
    const { owner, report } = await running();
    await query(
      report.adminUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'embedded-postgres owner'`,
    );
    expect((await startOwner().report).message).toContain('in use by another');
    await stop(owner);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('does not disturb a first start whose initdb takes longer than a lock may rest', async () => {
    const first = startOwner();
    await eventually(() => !!draft() && existsSync(join(folder, draft()!, 'base', '1')), 10_000);
    const initdb = firstNumber(`/proc/${first.process.pid}/task/${first.process.pid}/children`);
    process.kill(initdb, 'SIGSTOP');
    const second = startOwner();
    await sleep(6500);
    process.kill(initdb, 'SIGCONT');
    expect(await first.report).toMatchObject({ adopted: false });
    expect((await second.report).message).toContain('in use by another');
    await stop(first);
  });

  it('takes no advice from the PG… variables of its surroundings', async () => {
    process.env['PGSSLMODE'] = 'require';
    try {
      const { owner, report } = await running();
      expect(await query(report.url, 'SELECT current_database()')).toEqual(['app']);
      await stop(owner);
    } finally {
      delete process.env['PGSSLMODE'];
    }
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot('runs in a folder that only root may enter, as somebody else (skipped unless root)', async () => {
    chmodSync(folder, 0o700);
    const { owner, report } = await running();
    await remember(report.url);
    expect(readFileSync(`/proc/${serverProcess()}/status`, 'utf8')).not.toMatch(/^Uid:\t0/m);
    await stop(owner);
  });

  asRoot('runs when the whole installation lies in such a folder (skipped unless root)', async () => {
    chmodSync(folder, 0o700);
    const modules = join(folder, 'node_modules');
    for (const name of ['pg', 'proper-lockfile', `@embedded-postgres/linux-${process.arch}`]) {
      cpSync(join('node_modules', name), join(modules, name), { recursive: true });
    }
    for (const name of readdirSync('node_modules').filter((entry) => !existsSync(join(modules, entry)))) {
      symlinkSync(resolve('node_modules', name), join(modules, name));
    }
    cpSync(LAUNCHER, join(folder, 'dist'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const { owner } = await running({ launcher: join(folder, 'dist') });
    expect(readlinkSync(`/proc/${serverProcess()}/exe`)).toContain(folder);
    await stop(owner);
  });
});
