import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { diagnose } from '../src/commands/doctor/diagnose.js';
import type { Finding } from '../src/commands/doctor/finding.js';
import { KeyCanary } from '../src/verification/index.js';
import { startApplication, type TestApplication } from './support/application.js';
import { freePort } from './support/free-port.js';
import { run } from './support/program.js';
import { RedisServer, withRedis } from './support/redis-server.js';
import { startWebhookReceiver } from './support/webhook-receiver.js';

const ring = () => `k1:${randomBytes(32).toString('base64')}`;
const PASSWORD = 'not-to-be-printed';

/** What was found by one check, or all checks whose name begins so. */
const of = (findings: Finding[], check: string) => findings.filter((each) => each.check.startsWith(check));
const statesOf = (findings: Finding[], check: string) => of(findings, check).map(({ state }) => state);
const textOf = (findings: Finding[]) => JSON.stringify(findings);

type ProxyHeaders = (given: NodeJS.Dict<string | string[]>) => Record<string, string>;

/** A proxy that sends these headers to the application, whatever else it got. */
async function startProxy(target: string, headers: ProxyHeaders) {
  const proxy = createServer((request, response) => {
    void fetch(target + request.url!, {
      headers: { accept: 'application/json', ...headers(request.headers) },
    }).then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return { url, close: () => proxy.close().closeAllConnections() };
}
/** As nginx with `$proxy_add_x_forwarded_for`. */
const APPENDING: ProxyHeaders = ({ host, 'x-forwarded-for': given }) => ({
  'x-forwarded-for': [given, '198.51.100.7'].filter(Boolean).join(', '),
  'x-forwarded-proto': 'http',
  'x-forwarded-host': String(host),
});

describe('npm run doctor', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ TRUST_PROXY: 'loopback' });
    await application.app.get(KeyCanary, { strict: false }).write();
  });
  afterAll(async () => {
    await application?.close();
  });

  const environment = (more: Record<string, string> = {}): Record<string, string> => ({
    NODE_ENV: 'test',
    DATABASE_URL: application.databaseUrl,
    DATA_DIRECTORY: application.dataDirectory,
    VONAGE_API_HOST: application.sandbox.url,
    ...more,
  });
  const findings = (more: Record<string, string> = {}) => diagnose(environment(more));
  /** As a terminal starts it. */
  const asProgram = async (more: Record<string, string>, ...args: string[]) => {
    const program = run(process.execPath, ['dist/src/commands/doctor.js', ...args], environment(more));
    const code = await program.ended();
    return { code, output: program.output() };
  };

  it('finds nothing wrong with an application that runs, and says so in a line for each check', async () => {
    const proxy = await startProxy(application.url, APPENDING);
    const healthy = await findings({ PUBLIC_URL: proxy.url });
    expect(healthy.filter(({ state }) => state === 'wrong')).toEqual([]);
    expect(healthy.map(({ check }) => check)).toEqual([
      'configuration',
      'database',
      'database writes',
      'database TLS',
      'database clock',
      'migrations',
      'database role',
      'keys',
      'redis',
      'vonage',
      'vonage clock',
      'webhook',
      'e-mail',
      'proxy',
    ]);
    const { code, output } = await asProgram({ PUBLIC_URL: proxy.url });
    proxy.close();
    expect(output.trimEnd().split('\n')).toHaveLength(14);
    expect(output).toMatch(/^ok +database: Postgres \d+/m);
    expect(output).toContain('ok       migrations: the schema is up to date');
    expect(code).toBe(0);
  });

  it('runs the other checks while the database is down, exits with 1, and prints JSON', async () => {
    const port = await freePort();
    const { code, output } = await asProgram(
      { DATABASE_URL: `postgres://app:${PASSWORD}@127.0.0.1:${port}/otp` },
      '--json',
    );
    expect(code).toBe(1);
    const found = JSON.parse(output) as Finding[];
    expect(of(found, 'database')).toEqual([
      {
        check: 'database',
        state: 'wrong',
        message: `connection refused by 127.0.0.1:${port} (ECONNREFUSED)`,
        advice: expect.stringContaining('DATABASE_URL'),
      },
    ]);
    expect(statesOf(found, 'vonage')).toEqual(['ok', 'ok']);
    expect(output).not.toContain(PASSWORD);
  });

  it('names every wrong variable, and still checks what can be checked', async () => {
    const found = await findings({ PORT: '70000', WEBHOOKS_SECRETS: PASSWORD, LIMT_NUMBER: '5' });
    expect(of(found, 'configuration').map(({ message }) => message.split(' ')[0])).toEqual([
      'PORT',
      'WEBHOOKS_SECRETS',
      'WEBHOOKS_URL',
    ]);
    expect(statesOf(found, 'migrations')).toEqual(['ok']);
    expect(textOf(found)).not.toContain(PASSWORD);
    expect(of(await findings({ LIMT_NUMBER: '5' }), 'configuration')).toMatchObject([
      { state: 'warning', message: expect.stringContaining('LIMIT_NUMBER') },
    ]);
  });

  describe('the database', () => {
    const as = (change: (url: URL) => void) => {
      const url = new URL(application.databaseUrl);
      change(url);
      return { DATABASE_URL: url.href };
    };

    it.each([
      [
        'a wrong password',
        (url: URL) => (url.password = PASSWORD),
        /password authentication failed for role/,
      ],
      ['another name', (url: URL) => (url.pathname = '/nowhere'), /the database "nowhere" does not exist/],
      ['TLS that it has not', (url: URL) => url.searchParams.set('sslmode', 'require'), /SSL|TLS/],
      [
        'a file that is missing',
        (url: URL) => (url.search = '?sslmode=verify-full&sslrootcert=/nowhere/ca.pem'),
        /sslrootcert/,
      ],
    ])('with %s', async (_, change, words) => {
      const found = of(await findings(as(change)), 'database');
      expect(found).toMatchObject([{ state: 'wrong', message: expect.stringMatching(words) }]);
      expect(textOf(found)).not.toContain(PASSWORD);
    });

    it('that takes no writes', async () => {
      const readOnly = as((url) => url.searchParams.set('options', '-c default_transaction_read_only=on'));
      expect(of(await findings(readOnly), 'database writes')).toMatchObject([
        { state: 'wrong', message: 'the database is read-only' },
      ]);
    });

    it('that lacks migrations', async () => {
      const { rows } = await application.sql.query<{ name: string }>(
        'DELETE FROM otp_migrations WHERE id = (SELECT max(id) FROM otp_migrations) RETURNING *',
      );
      const [{ id, timestamp, name }] = rows as unknown as [{ id: number; timestamp: string; name: string }];
      try {
        expect(of(await findings(), 'migrations')).toMatchObject([
          {
            state: 'wrong',
            message: `the schema lacks ${name}`,
            advice: expect.stringContaining('migration:run'),
          },
        ]);
      } finally {
        await application.sql.query('INSERT INTO otp_migrations VALUES ($1, $2, $3)', [id, timestamp, name]);
      }
    });

    it('whose role may do too little or too much', async () => {
      const role = `doctor_${randomBytes(4).toString('hex')}`;
      await application.sql.query(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`);
      const asRole = as((url) => {
        url.username = role;
        url.password = PASSWORD;
      });
      try {
        await application.sql.query(
          `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
        );
        expect(of(await findings(asRole), 'database role')[0]).toMatchObject({
          state: 'warning',
          message: expect.stringMatching(/may change or delete rows of .*otp_verification_events/),
        });
        await application.sql.query(`REVOKE DELETE ON otp_number_slots FROM ${role}`);
        expect(of(await findings(asRole), 'database role')[0]).toMatchObject({
          state: 'wrong',
          message: `the role ${role} lacks DELETE on otp_number_slots`,
        });
      } finally {
        await application.sql.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      }
    });
  });

  it('says when the keys are not those of the database, without the keys', async () => {
    const keys = { PHONE_ENCRYPTION_KEYS: ring(), PHONE_FINGERPRINT_KEYS: ring() };
    const found = of(await findings(keys), 'keys');
    expect(found).toMatchObject([{ state: 'wrong', message: expect.stringContaining('encryption key') }]);
    for (const key of Object.values(keys)) expect(textOf(found)).not.toContain(key.slice(3));
  });

  it('compares its clock with the database’s and the provider’s', async () => {
    const skewed = {
      NODE_OPTIONS: '--import=./test/support/clock-skew.mjs',
      CLOCK_SKEW_MS: '120000',
    };
    const { code, output } = await asProgram(skewed);
    expect(code).toBe(1);
    expect(output).toMatch(
      /^wrong +database clock: this machine’s clock is 1\d\d\.\d s ahead\. Synchronise/m,
    );
    expect(output).toMatch(/^wrong +vonage clock: this machine’s clock is 1\d\d\.\d s ahead/m);
  });

  it('says when Vonage cannot be reached', async () => {
    const found = await findings({
      VONAGE_API_HOST: `http://127.0.0.1:${await freePort()}`,
      VONAGE_API_KEY: 'k',
      VONAGE_API_SECRET: PASSWORD,
    });
    expect(of(found, 'vonage')).toMatchObject([
      { state: 'wrong', message: expect.stringContaining('connection refused') },
    ]);
    expect(textOf(found)).not.toContain(PASSWORD);
  });

  it('says whether the receiver of events can be reached', async () => {
    const receiver = await startWebhookReceiver();
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const webhook = {
      WEBHOOKS_URL: receiver.url,
      WEBHOOKS_SECRETS: secret,
      WEBHOOKS_PRIVATE_ADDRESSES: 'allow',
    };
    try {
      expect(of(await findings(webhook), 'webhook')).toMatchObject([
        { state: 'ok', message: expect.stringContaining('signed with 1 secret') },
      ]);
    } finally {
      await receiver.close();
    }
    const found = await findings(webhook);
    expect(of(found, 'webhook')).toMatchObject([
      { state: 'wrong', message: expect.stringContaining('connection refused') },
    ]);
    expect(textOf(found)).not.toContain(secret.slice(6));
  });

  it('says whether the mail server lets the application in', async () => {
    const server = createTcpServer((socket) => {
      socket.write('220 ready\r\n');
      socket.setEncoding('utf8').on('data', (line: string) => {
        if (line.startsWith('EHLO')) socket.write('250-here\r\n250 AUTH PLAIN\r\n');
        else if (line.startsWith('AUTH'))
          socket.write(line.includes(plain('right')) ? '235 fine\r\n' : '535 who is otp?\r\n');
        else socket.end('221 bye\r\n');
      });
    });
    const plain = (password: string) => Buffer.from(`\0otp\0${password}`).toString('base64');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const mail = async (password: string) =>
      of(
        await findings({
          SMTP_URL: `smtp://otp:${password}@127.0.0.1:${port}`,
          MAIL_FROM: 'otp@example.com',
        }),
        'e-mail',
      );
    try {
      expect(await mail('right')).toMatchObject([
        { state: 'ok', message: expect.stringContaining(`127.0.0.1:${port}`) },
      ]);
      const refused = await mail(PASSWORD);
      expect(refused).toMatchObject([
        { state: 'wrong', message: expect.stringContaining('refused the credentials') },
      ]);
      expect(textOf(refused)).not.toContain(PASSWORD);
    } finally {
      server.close();
    }
    expect(await mail('right')).toMatchObject([
      { state: 'wrong', message: expect.stringContaining('no connection to the mail server') },
    ]);
  });

  describe('the proxy in front', () => {
    const behind = async (headers: ProxyHeaders) => {
      const proxy = await startProxy(application.url, headers);
      const found = of(await findings({ PUBLIC_URL: proxy.url }), 'proxy');
      proxy.close();
      return found;
    };

    it('is right when it appends to X-Forwarded-For', async () => {
      const found = await behind(APPENDING);
      expect(found).toMatchObject([{ state: 'ok', message: expect.stringContaining('198.51.100') }]);
    });

    /** A proxy that passes on the address that a caller names. */
    const believingCallers =
      (address: string): ProxyHeaders =>
      ({ host, 'x-forwarded-for': given }) => ({
        'x-forwarded-for': String(given ?? address),
        'x-forwarded-proto': 'http',
        'x-forwarded-host': String(host),
      });

    it('is wrong when callers choose their address', async () => {
      expect(await behind(believingCallers('8.8.4.7'))).toMatchObject([
        { state: 'wrong', message: expect.stringContaining('choose the address') },
      ]);
    });

    // There it may be a further proxy that is trusted.
    it.each(['10.1.2.3', '172.31.0.9', '100.64.0.9', '169.254.0.9', 'fd00::9', 'fe80::9'])(
      'is not called wrong from %s, an address that is not on the internet',
      async (address) => {
        expect(await behind(believingCallers(address))).toMatchObject([{ state: 'ok' }]);
      },
    );

    it('is wrong when it sends no headers, or something else answers', async () => {
      expect(await behind(() => ({}))).toMatchObject([
        { state: 'wrong', message: expect.stringContaining('sends no X-Forwarded-* headers') },
      ]);
      const found = of(await findings({ PUBLIC_URL: `${application.sandbox.url}/` }), 'proxy');
      expect(found).toMatchObject([{ state: 'wrong', message: expect.stringContaining('does not lead to') }]);
    });

    it('is not checked without PUBLIC_URL, and says how to', async () => {
      expect(of(await findings(), 'proxy')).toMatchObject([
        { state: 'warning', advice: expect.stringContaining('/health/connection') },
      ]);
    });
  });

  withRedis('Redis', () => {
    it('that answers, that wants a password, and that is unavailable', async () => {
      const redis = await RedisServer.start();
      try {
        expect(of(await findings({ REDIS_URL: redis.url }), 'redis')).toMatchObject([{ state: 'ok' }]);
        const client = new Redis(redis.url);
        await client.config('SET', 'requirepass', PASSWORD);
        client.disconnect();
        expect(of(await findings({ REDIS_URL: redis.url }), 'redis')).toMatchObject([
          { state: 'wrong', message: 'Redis wants a password, and REDIS_URL has none' },
        ]);
        const withPassword = (password: string) => ({
          REDIS_URL: redis.url.replace('//', `//:${password}@`),
        });
        expect(of(await findings(withPassword(PASSWORD)), 'redis')).toMatchObject([{ state: 'ok' }]);
        const found = of(await findings(withPassword(`${PASSWORD}x`)), 'redis');
        expect(found).toMatchObject([{ state: 'wrong', message: 'Redis refused the user or the password' }]);
        expect(textOf(found)).not.toContain(PASSWORD);
      } finally {
        await redis.close();
      }
      expect(of(await findings({ REDIS_URL: redis.url }), 'redis')).toMatchObject([
        { state: 'wrong', message: 'connection refused' },
      ]);
    });
  });
});
