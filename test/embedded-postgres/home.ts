import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
export const LAUNCHER = resolve('dist/src/database/embedded-postgres');
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

interface OwnerOptions {
  durable?: boolean;
  /** The folder of the compiled launcher. */
  launcher?: string;
}

/** A folder of its own for the data of one server, and whoever owns that in turn. */
export class Home {
  readonly folder = mkdtempSync(join(tmpdir(), 'otp-embedded-'));
  readonly dataDirectory = join(this.folder, 'postgres');
  private readonly owners: Owner[] = [];

  constructor() {
    chmodSync(this.folder, 0o755);
  }

  startOwner({ durable = false, launcher = LAUNCHER }: OwnerOptions = {}): Owner {
    const module = pathToFileURL(join(launcher, 'index.js')).href;
    const args = [this.dataDirectory, durable ? 'durable' : 'for tests', module];
    const child = spawn(process.execPath, ['--input-type=module', '-e', OWNER, ...args], {
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
    this.owners.push(owner);
    return owner;
  }

  async running(options?: OwnerOptions): Promise<{ owner: Owner; report: Report }> {
    const owner = this.startOwner(options);
    const report = await owner.report;
    expect(report).toEqual({
      url: expect.stringMatching(/^postgres:\/\/.+@127\.0\.0\.1:\d+\/app\b/),
      adminUrl: expect.stringMatching(/^postgres:\/\/postgres:/),
      adopted: expect.any(Boolean),
    });
    return { owner, report };
  }

  /** An owner in the middle of its first start: its initdb has begun. */
  async initialising(): Promise<Owner> {
    const owner = this.startOwner();
    await eventually(
      () => !!this.draft() && existsSync(join(this.folder, this.draft()!, 'base', '1')),
      10_000,
    );
    return owner;
  }

  /** The folder that an initdb works in, until it is done. */
  draft(): string | undefined {
    return readdirSync(this.folder).find((name) => /\.new-[0-9a-f]+$/.test(name));
  }

  serverProcess(): number {
    return firstNumber(join(this.dataDirectory, 'postmaster.pid'));
  }

  watchdogProcess(): number {
    return firstNumber(`${this.dataDirectory}.watchdog`);
  }

  async end(): Promise<void> {
    const server = existsSync(join(this.dataDirectory, 'postmaster.pid')) ? this.serverProcess() : null;
    for (const owner of this.owners) await kill(owner);
    if (server) {
      try {
        process.kill(server, 'SIGINT');
      } catch {
        // Gone already, as it should be.
      }
      await eventually(() => !isAlive(server), 10_000);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function stop(owner: Owner): Promise<void> {
  owner.process.kill('SIGTERM');
  expect(await owner.exit).toBe(0);
}

export async function kill(owner: Owner): Promise<void> {
  owner.process.kill('SIGKILL');
  await owner.exit;
}

export const firstNumber = (file: string) => parseInt(readFileSync(file, 'utf8'), 10);

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended and that nobody has reaped yet counts as gone.
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export async function eventually(condition: () => boolean, withinMs: number): Promise<void> {
  const giveUpAt = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > giveUpAt) throw new Error(`not so within ${withinMs} ms: ${String(condition)}`);
    await sleep(10);
  }
}

export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.map((row) => Object.values(row)[0]);
  } finally {
    await client.end();
  }
}

export const remember = (url: string) => query(url, `CREATE TABLE kept AS SELECT 'a secret' AS word`);
export const recall = (url: string) => query(url, 'SELECT word FROM kept');

function isAvailable(): boolean {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    createRequire(resolve('package.json')).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return existsSync('dist');
  } catch {
    return false;
  }
}

/** Skipped where this machine has no Postgres of ours, or nothing is compiled. */
export const describeEmbedded = isAvailable() ? describe : describe.skip;
