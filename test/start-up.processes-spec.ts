import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmptyDatabase } from './support/database.js';
import { type Program, run } from './support/program.js';
import { until } from './support/until.js';

/** The compiled application as `npm start` runs it, with its own database and sandbox. */
let directory: string;
const programs: Program[] = [];
const environment = (more: Record<string, string> = {}, own = directory) => ({
  PORT: '0',
  SANDBOX_PORT: '0',
  DATA_DIRECTORY: join(own, 'data'),
  ...more,
});
const start = (more: Record<string, string> = {}, args = ['dist/src/main.js']) => {
  const program = run(process.execPath, args, environment(more));
  programs.push(program);
  return program;
};
const addressOf = async (program: Program) => (await program.says(/The application\s+(http:\S+)/))[1]!;
const phoneOf = async (program: Program) => (await program.says(/The phone\s+(http:\S+)/))[1]!;

/** No process is left that has this data directory. */
const nothingIsLeft = (data: string) =>
  until(() => !execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).includes(data), {
    what: 'the end of every process',
  });
const endAll = (ending: Program[]) =>
  Promise.all(
    ending.map((program) => {
      program.process.kill('SIGTERM');
      return program.ended();
    }),
  );

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'otp-start-'));
});
afterEach(async () => {
  await endAll(programs.splice(0));
  rmSync(directory, { recursive: true, force: true });
});

const ADMIN = { email: 'admin@example.com', password: 'correct horse battery staple' };

const post = async (url: string, fields: Record<string, string>) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { Accept: 'application/json' },
    body: new URLSearchParams(fields),
  });
  return (await response.json()) as Record<string, unknown>;
};

const fails = async (env: Record<string, string>) => {
  const program = start(env);
  expect(await program.ended()).toBe(1);
  return program.output();
};

describe('npm start on a machine that has nothing', () => {
  describe('once it runs', () => {
    // Starting takes seconds of a processor, so these share one.
    let shared: string;
    let program: Program;
    let url: string;
    let phone: string;
    beforeAll(async () => {
      shared = mkdtempSync(join(tmpdir(), 'otp-start-'));
      program = run(process.execPath, ['dist/src/main.js'], sharedEnvironment());
      url = await addressOf(program);
      phone = await phoneOf(program);
    });
    afterAll(async () => {
      await endAll([program]);
      rmSync(shared, { recursive: true, force: true });
    });
    const sharedEnvironment = (more: Record<string, string> = {}) => environment(more, shared);

    it('shows the application, the phone and a first call, and the whole flow works', async () => {
      await program.says(/curl -H 'Accept: application\/json' -d phoneNumber=14155552671 http/);

      const { requestId } = await post(`${url}/request-otp`, { phoneNumber: '14155552671' });
      const messages = (await (await fetch(`${phone}/ledger?to=14155552671`)).json()) as { code: string }[];
      expect(messages).toHaveLength(1);
      const verified = await post(`${url}/verify-otp`, {
        requestId: String(requestId),
        otpCode: messages[0]!.code,
      });
      expect(verified['status']).toBe('VERIFIED');
    });

    it('listens on this machine only, because it has demo users', async () => {
      const { port } = new URL(url);
      // Another address of this machine.
      await expect(fetch(`http://127.0.0.2:${port}/health/live`)).rejects.toThrow();
      expect(program.output()).not.toContain('warning');
    });

    it('prints e-mails, with links that work', async () => {
      expect(await post(`${url}/sign-up`, { email: 'you@example.com' })).toEqual({
        status: 'check-your-mail',
      });
      const [, link] = await program.says(/Email to you@example\.com[\s\S]*?(http:\S+\?token=\S+)/);
      expect(link).toContain(`${url}/sign-up/finish?token=`);
      const token = new URL(link!).searchParams.get('token')!;
      const finished = await post(`${url}/sign-up/finish`, { token, password: 'a password of the tests' });
      expect(finished['level']).toBe('first-factor');
    });

    it('lends its database and its sandbox to the commands', async () => {
      const admin = (...args: string[]) => {
        const command = ['dist/src/commands/admin.js', '--json', ...args];
        return run(process.execPath, command, sharedEnvironment({ SANDBOX_PORT: new URL(phone).port }));
      };
      const { requestId } = await post(`${url}/request-otp`, { phoneNumber: '14155552672' });
      const cancel = admin('cancel', String(requestId), '--reason', 'a wrong number');
      expect(await cancel.ended()).toBe(0);
      const history = admin('history');
      await history.says(new RegExp(`"requestId": ?"${String(requestId)}"[^}]*"status": ?"CANCELLED"`));
      expect(await history.ended()).toBe(0);
    });

    it('keeps its port: a second one says that it is in use', async () => {
      const { port } = new URL(url);
      expect(await fails({ PORT: port })).toContain(`Port ${port} is in use`);
    });

    it('keeps its data: a second one says that they are in use', async () => {
      expect(await fails(sharedEnvironment())).toContain('in use by another running application');
    });

    it('lets requests that are under way finish on SIGTERM, and leaves no process behind', async () => {
      await fetch(`${phone}/faults`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ kind: 'latency', operation: 'start', latencyMs: 1000, afterEffect: true }),
      });
      const answer = post(`${url}/request-otp`, { phoneNumber: '14155552673' });
      const messages = async () =>
        (await (await fetch(`${phone}/ledger?to=14155552673`)).json()) as unknown[];
      await until(async () => (await messages()).length > 0);
      program.process.kill('SIGTERM');
      expect(await answer).toMatchObject({ status: 'PENDING' });
      expect(await program.ended()).toBe(0);
      await nothingIsLeft(shared);
    });
  });

  it('warns when HOST opens it to others', async () => {
    const open = start({ HOST: '0.0.0.0' });
    await addressOf(open);
    expect(open.output()).toContain('warning: HOST=0.0.0.0');
  });

  it('ends on SIGINT and leaves no process behind', async () => {
    const program = start();
    await addressOf(program);
    program.process.kill('SIGINT');
    expect(await program.ended()).toBe(0);
    await nothingIsLeft(directory);
  });

  it('ends on Ctrl-C, which goes to every process of the terminal', async () => {
    const program = start();
    await addressOf(program);
    process.kill(-program.process.pid!, 'SIGINT');
    expect(await program.ended()).toBe(0);
    await nothingIsLeft(directory);
  });

  it('leaves nothing behind when npm is killed, which does not pass the signal on', async () => {
    const npm = run('npm', ['start'], environment());
    programs.push(npm);
    await addressOf(npm);
    npm.process.kill('SIGTERM');
    await nothingIsLeft(directory);
  });

  it('keeps its data over a restart, also after kill -9', async () => {
    const first = start();
    const { requestId } = await post(`${await addressOf(first)}/request-otp`, { phoneNumber: '14155552671' });
    first.process.kill('SIGKILL');
    await first.ended();

    const second = start();
    const response = await fetch(`${await addressOf(second)}/verifications/${String(requestId)}`, {
      headers: { Accept: 'application/json' },
    });
    expect(await response.json()).toMatchObject({ requestId, status: 'PENDING' });
  });
});

describe('a configuration that cannot work', () => {
  it('is refused with every problem at once', async () => {
    const output = await fails({
      PORT: 'http',
      CODE_LENGTH: '3',
      VONAGE_VERIFY_API: 'v3',
      VONAGE_API_KEY: 'abc',
    });
    for (const name of ['PORT', 'CODE_LENGTH', 'VONAGE_VERIFY_API', 'VONAGE_API_SECRET'])
      expect(output).toContain(name);
    expect(output).not.toMatch(/at \w+ \(|node:internal/);
  });

  it('does not boot in production: no credentials, the sandbox, generated keys, a short code', async () => {
    const bare = await fails({ NODE_ENV: 'production' });
    expect(bare).toContain('VONAGE_API_KEY and VONAGE_API_SECRET must be set');
    expect(bare).toContain('PHONE_ENCRYPTION_KEYS must be set');
    const careless = await fails({ NODE_ENV: 'production', SANDBOX: 'on', CODE_LENGTH: '4' });
    expect(careless).toContain('SANDBOX must be off in production');
    expect(careless).toContain('CODE_LENGTH must be at least 6 in production');
  });

  it('does not boot in production while a demo user has the password from the README', async () => {
    const ring = () => `k1:${randomBytes(32).toString('base64')}`;
    const production = {
      NODE_ENV: 'production',
      ALLOWED_COUNTRIES: 'US',
      VONAGE_API_KEY: 'abc',
      VONAGE_API_SECRET: 'def',
      EMBEDDED_DATABASE: 'allow',
      PHONE_ENCRYPTION_KEYS: ring(),
      PHONE_FINGERPRINT_KEYS: ring(),
      SESSION_KEYS: ring(),
    };
    const first = start();
    const url = await addressOf(first);
    expect(await post(`${url}/sign-in`, ADMIN)).toMatchObject({ level: 'first-factor' });
    first.process.kill('SIGTERM');
    await first.ended();

    const refused = await fails(production);
    expect(refused).toContain('demo@example.com, admin@example.com');
    expect(refused).toContain('npm run admin -- set-password');
    expect(refused).not.toContain('The application');
  });

  it('says that a database has no schema yet', async () => {
    const database = await createEmptyDatabase();
    try {
      expect(await fails({ DATABASE_URL: database.url })).toContain('Run: npm run migration:run');
      const migrate = start({ DATABASE_URL: database.url }, ['dist/src/commands/migrate.js', 'run']);
      expect(await migrate.ended()).toBe(0);
      await addressOf(start({ DATABASE_URL: database.url }));
    } finally {
      for (const program of programs) program.process.kill('SIGKILL');
      await database.drop();
    }
  });

  it('has no database for a command while it does not run', async () => {
    const early = start({}, ['dist/src/commands/admin.js', '--json', 'history']);
    await early.says(/There is no database: set DATABASE_URL, or start the application/);
    expect(await early.ended()).toBe(1);
  });

  it('says that a database is not there', async () => {
    const output = await fails({ DATABASE_URL: 'postgres://nobody:secretpassword@127.0.0.1:9/none' });
    expect(output).toMatch(/could not reach the database/i);
    expect(output).not.toContain('secretpassword');
  });
});

describe('the sandbox alone', () => {
  it('runs without the application, and not in production', async () => {
    const sandbox = start({}, ['dist/src/commands/sandbox.js']);
    const [, url] = await sandbox.says(/listens at (http:\S+)/);
    expect((await fetch(url!)).status).toBe(200);
    sandbox.process.kill('SIGTERM');
    expect(await sandbox.ended()).toBe(0);

    const refused = start({ NODE_ENV: 'production' }, ['dist/src/commands/sandbox.js']);
    expect(await refused.ended()).toBe(1);
    expect(refused.output()).toContain('does not run in production');
  });
});
