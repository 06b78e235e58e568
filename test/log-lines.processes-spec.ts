import { Redis } from 'ioredis';
import { freshNumber, wrongCode } from './support/application.js';
import { createEmptyDatabase, type TestDatabase } from './support/database.js';
import { type LoggedInstance, startLoggedInstance } from './support/logged-instance.js';
import { run } from './support/program.js';
import { RedisServer } from './support/redis-server.js';

describe('the log in production', () => {
  let instance: LoggedInstance;
  beforeAll(async () => {
    instance = await startLoggedInstance({ BUDGET_PER_DAY: '0.40', VONAGE_TIMOUT_MS: '1000' });
  });
  afterAll(() => instance?.close());

  it('begins with one line that says what runs, and has no banner', async () => {
    const started = await instance.line({ msg: 'started' });
    expect(started).toMatchObject({ version: expect.any(String), database: 'external', countries: ['US'] });
    expect(instance.program.output()).not.toContain('Try it');
    expect(JSON.stringify(started)).not.toMatch(/secret|postgres:/);
  });

  it('warns about a variable that nothing reads, and names the nearest one', async () => {
    await instance.line({
      level: 40,
      msg: 'nothing reads the variable VONAGE_TIMOUT_MS; the nearest name is VONAGE_TIMEOUT_MS',
    });
  });

  it('names the verification of a request that succeeded', async () => {
    const { body } = await instance.post('/request-otp', { phoneNumber: freshNumber() });
    const { requestId } = body as { requestId: string };
    expect(await instance.line({ msg: 'request', verificationId: requestId })).toMatchObject({
      route: '/request-otp',
      status: 200,
    });
    const { phoneNumber, code } = await startedAgain();
    const right = await instance.post('/verify-otp', { requestId: phoneNumber.requestId, otpCode: code });
    expect(right.status).toBe(200);
    await instance.line({ route: '/verify-otp', verificationId: phoneNumber.requestId, status: 200 });
  });

  it('names the code, the rule and the verification of a request that was refused', async () => {
    await instance.post('/request-otp', { phoneNumber: '+4915112345678' });
    await instance.line({ msg: 'request', code: 'destination-not-allowed', rule: 'country' });

    const { phoneNumber, code } = await startedAgain();
    await instance.post('/verify-otp', { requestId: phoneNumber.requestId, otpCode: wrongCode(code) });
    await instance.line({ code: 'wrong-code', verificationId: phoneNumber.requestId });
    await instance.post('/resend-otp', { requestId: phoneNumber.requestId });
    await instance.line({
      code: 'cooldown',
      rule: 'resend-cooldown',
      verificationId: phoneNumber.requestId,
    });
    await instance.post('/no-such-path', {});
    await instance.line({ msg: 'request', code: 'not-found' });
  });

  it('names the code of a request that was refused before any route, and its id', async () => {
    const refused = async (body: string, headers: Record<string, string>) => {
      const response = await fetch(`${instance.url}/request-otp`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Request-Id': 'of-the-caller', ...headers },
        body,
      });
      expect(response.headers.get('x-request-id')).toBe('of-the-caller');
    };
    await refused('{}', { Origin: 'https://evil.example' });
    await refused('{bad', {});
    await refused('a'.repeat(20_000), {});
    for (const code of ['cross-origin', 'invalid-input', 'payload-too-large'])
      await instance.line({ msg: 'request', reqId: 'of-the-caller', method: 'POST', code });
    await fetch(`${instance.url}/otp-assets/no-such-file`);
    await instance.post('/request-otp', { phoneNumber: 'after the file' });
    await instance.line({ code: 'invalid-phone-number' });
    expect(instance.lines().filter(({ route }) => String(route).includes('assets'))).toEqual([]);
    expect(instance.lines().filter(({ reqId }) => reqId === 'of-the-caller')).toHaveLength(3);
  });

  it('warns once when the budget is used up, not once for each person', async () => {
    const refused = () =>
      instance.lines().filter(({ code, rule }) => code === 'rate-limited' && rule === 'budget');
    while (refused().length < 3) {
      const { status } = await instance.post('/request-otp', { phoneNumber: freshNumber() });
      if (status === 429) await instance.line({ code: 'rate-limited', rule: 'budget' });
    }
    const warnings = instance.lines().filter(({ msg }) => String(msg).startsWith('a limit for everybody'));
    expect(warnings).toEqual([
      expect.objectContaining({ level: 40, rule: 'budget', refused: 1, limit: 0.4 }),
    ]);
  });

  it('names the SQLSTATE, its cause and the statement when the database fails, and nothing personal', async () => {
    await instance.sql.query('ALTER TABLE otp_decisions RENAME TO gone');
    try {
      const { status } = await instance.post('/request-otp', { phoneNumber: '+4915112345678' });
      expect(status).toBe(500);
      const line = await instance.line({ context: 'ProblemFilter', code: '42P01' });
      expect(line).toMatchObject({ cause: 'a table does not exist', statement: 'record-decision' });
      expect(JSON.stringify(line)).not.toContain('15112345678');
      await instance.line({ msg: 'request failed', code: 'internal', status: 500 });
    } finally {
      await instance.sql.query('ALTER TABLE gone RENAME TO otp_decisions');
    }
  });

  it('says once why the instance is not ready, and no more of every check', async () => {
    const ready = async () => (await fetch(`${instance.url}/health/ready`)).status;
    await instance.sql.query(`UPDATE otp_key_canaries SET value = 'x' || value`);
    try {
      expect([await ready(), await ready(), await ready()]).toEqual([503, 503, 503]);
      await instance.post('/no-such-path-3', {});
      await instance.line({ msg: 'request failed', code: 'service-unavailable' });
      const lines = instance
        .lines()
        .filter(({ context, msg }) => context === 'ProblemFilter' || /ready/.test(msg ?? ''));
      expect(lines.map(({ msg }) => msg)).toEqual([
        'internal',
        'not ready: the keys do not open what is stored',
      ]);
    } finally {
      await instance.sql.query('UPDATE otp_key_canaries SET value = substr(value, 2)');
    }
    expect(await ready()).toBe(200);
    expect((await instance.post('/request-otp', { phoneNumber: 'none' })).status).toBe(422);
  });

  async function startedAgain() {
    const number = freshNumber();
    const { body } = await instance.post('/request-otp', { phoneNumber: number });
    return {
      phoneNumber: { requestId: body['requestId'] as string },
      code: instance.sandbox.ledger(number).at(-1)!.code,
    };
  }
});

describe('a Redis that cannot be used', () => {
  const warningOf = async (env: Record<string, string>) => {
    const instance = await startLoggedInstance(env);
    try {
      await instance.post('/request-otp', { phoneNumber: freshNumber() });
      return await instance.line({ level: 40, context: 'Redis' });
    } finally {
      await instance.close();
    }
  };

  it('is named by its cause when nothing listens', async () => {
    expect(await warningOf({ REDIS_URL: 'redis://127.0.0.1:9' })).toMatchObject({
      code: 'ECONNREFUSED',
      cause: 'connection refused',
    });
  });

  const withPassword = process.env['REDIS_SERVER_PATH'] ? it : it.skip;
  withPassword('is named by its cause when it wants a password', async () => {
    const redis = await RedisServer.start();
    const admin = new Redis(redis.url);
    try {
      await admin.config('SET', 'requirepass', 'hunter2');
      const warning = await warningOf({ REDIS_URL: redis.url });
      expect(warning).toMatchObject({
        code: 'NOAUTH',
        cause: 'Redis wants a password, and REDIS_URL has none',
      });
      const wrong = redis.url.replace('redis://', 'redis://:wrong-secret@');
      const refused = await warningOf({ REDIS_URL: wrong });
      expect(refused).toMatchObject({ code: 'WRONGPASS' });
      expect(JSON.stringify(refused)).not.toContain('wrong-secret');
    } finally {
      admin.disconnect();
      await redis.close();
    }
  });
});

describe('a database that cannot be reached', () => {
  const fails = async (url: string, command = ['dist/src/main.js']) => {
    const program = run(process.execPath, command, { DATABASE_URL: url, PORT: '0', SANDBOX_PORT: '0' });
    expect(await program.ended()).toBe(1);
    return program.output();
  };

  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  const wrongPassword = (url: URL) => void (url.password = 'not-the-password');
  const search = (text: string) => (url: URL) => void (url.search = text);

  it.each<[string, (url: URL) => void, RegExp]>([
    ['a wrong password', wrongPassword, /password authentication failed for role "\w+" \(28P01\)/],
    [
      'no such database',
      (url) => void (url.pathname = '/missing'),
      /database "missing" does not exist \(3D000\)/,
    ],
    ['a closed port', (url) => void (url.port = '9'), /connection refused by \S+:9 \(ECONNREFUSED\)/],
    ['no such host', (url) => void (url.host = 'no-such-host.invalid'), /no-such-host.invalid was not found/],
    [
      'no certificate file',
      search('?sslmode=verify-full&sslrootcert=/no/such/file.pem'),
      /the file \/no\/such\/file.pem of sslrootcert.* cannot be read/,
    ],
    ['no TLS', search('?sslmode=verify-full'), /The server does not support SSL connections/],
  ])('is described in words: %s', async (_name, change, words) => {
    const url = new URL(database.url);
    change(url);
    expect(await fails(url.href, ['dist/src/commands/migrate.js', 'run'])).toMatch(words);
  });

  it('is described in words when the application starts, without trying again in vain', async () => {
    const url = new URL(database.url);
    wrongPassword(url);
    expect(await fails(url.href)).toContain(
      `password authentication failed for role "${url.username}" (28P01)`,
    );
  });
});
