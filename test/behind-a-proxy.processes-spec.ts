import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApplication, type TestApplication } from './support/application.js';
import { createTestDatabase } from './support/database.js';
import { testEnvironment } from './support/environment.js';
import { tokenIn } from './support/mailbox.js';
import { type Program, run } from './support/program.js';
import { rawRequest } from './support/raw-request.js';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const PRODUCTION = {
  NODE_ENV: 'production',
  API_DOCS: 'on',
  ALLOWED_COUNTRIES: 'off',
  VONAGE_API_KEY: 'abc',
  VONAGE_API_SECRET: 'def',
  PHONE_ENCRYPTION_KEYS: key('e1'),
  PHONE_FINGERPRINT_KEYS: key('f1'),
  SESSION_KEYS: key('s1'),
};
const PASSWORD = 'a password of the tests';
/** The proxy that is trusted, and one that nobody knows: both are this machine. */
const TRUSTED = '127.0.0.2';
const UNKNOWN = '127.0.0.3';
const HOST = 'login.example.com';
const FORWARDED = {
  Host: HOST,
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Proto': 'https',
  Origin: `https://${HOST}`,
};
const WORDS = /You can’t sign in here because the connection isn’t secure/;

describe('production behind a proxy that terminates TLS', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ ...PRODUCTION, TRUST_PROXY: TRUSTED });
  });
  afterAll(() => application.close());

  const post = (path: string, from: string, fields: Record<string, string>, kind: 'json' | 'form') =>
    rawRequest(application.url + path, { method: 'POST', from, headers: FORWARDED, [kind]: fields });
  let people = 0;
  const linkFor = async (email: string) => {
    expect((await post('/sign-up', TRUSTED, { email }, 'json')).status).toBe(200);
    return tokenIn(await application.mailbox.link(email));
  };
  const newEmail = () => `proxied${(people += 1)}.${process.pid}@example.com`;
  const member = async () => {
    const email = newEmail();
    const token = await linkFor(email);
    expect((await post('/sign-up/finish', TRUSTED, { token, password: PASSWORD }, 'json')).status).toBe(200);
    return email;
  };
  const mustSaySo = ({ status, headers, text, body }: Awaited<ReturnType<typeof post>>, kind: string) => {
    expect(status).toBe(403);
    expect(text).toMatch(WORDS);
    expect(text).toContain('TRUST_PROXY');
    expect(headers['set-cookie']).toBeUndefined();
    if (kind === 'json') expect(body['code']).toBe('insecure-connection');
    else expect(text).toMatch(/role="alert"/);
  };

  describe.each(['json', 'form'] as const)('(%s)', (kind) => {
    it('a sign-in through a trusted proxy sets its cookie', async () => {
      const { status, headers } = await post(
        '/sign-in',
        TRUSTED,
        { email: await member(), password: PASSWORD },
        kind,
      );
      expect(status).toBe(kind === 'json' ? 200 : 303);
      expect(headers['set-cookie']).toContainEqual(expect.stringMatching(/^__Host-session=.*Secure/));
    });

    it('a sign-in that cannot set its cookie says so, and no password is checked', async () => {
      const email = await member();
      for (let tries = 0; tries < 12; tries += 1)
        mustSaySo(await post('/sign-in', UNKNOWN, { email, password: 'wrong' }, kind), kind);
      mustSaySo(await post('/sign-in', UNKNOWN, { email, password: PASSWORD }, kind), kind);
      // Twelve wrong passwords would have locked strangers out.
      const { status } = await post('/sign-in', TRUSTED, { email, password: PASSWORD }, 'json');
      expect(status).toBe(200);
    });

    it('so does a sign-up, and its link stays good', async () => {
      const email = newEmail();
      mustSaySo(await post('/sign-up', UNKNOWN, { email }, kind), kind);
      const token = await linkFor(email);
      mustSaySo(await post('/sign-up/finish', UNKNOWN, { token, password: PASSWORD }, kind), kind);
      const { status } = await post('/sign-up/finish', TRUSTED, { token, password: PASSWORD }, 'json');
      expect(status).toBe(200);
    });

    it('so does somebody who came over plain HTTP', async () => {
      const plain = { ...FORWARDED, 'X-Forwarded-Proto': 'http' };
      const fields = { email: await member(), password: PASSWORD };
      const options = { method: 'POST', from: TRUSTED, headers: plain, [kind]: fields };
      mustSaySo(await rawRequest(`${application.url}/sign-in`, options), kind);
    });
  });
});

describe('GET /health/connection shows how a request from outside looks', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({
      ...PRODUCTION,
      TRUST_PROXY: TRUSTED,
      PUBLIC_URL: `https://${HOST}`,
    });
  });
  afterAll(() => application.close());
  const look = async (from: string, headers: Record<string, string>) => {
    const { status, body } = await rawRequest(`${application.url}/health/connection`, { from, headers });
    expect(status).toBe(200);
    return body;
  };

  it('through the proxy that is trusted', async () => {
    expect(await look(TRUSTED, FORWARDED)).toEqual({
      client: '203.0.113.0/24',
      protocol: 'https',
      host: HOST,
      forwardedHeaders: ['x-forwarded-for', 'x-forwarded-proto'],
      isProxyTrusted: true,
      problems: [],
    });
  });

  it('through one that is not', async () => {
    const { problems, ...report } = await look(UNKNOWN, FORWARDED);
    expect(report).toMatchObject({ client: '127.0.0.0/24', protocol: 'http', isProxyTrusted: false });
    expect(problems).toEqual([
      expect.stringContaining('Set TRUST_PROXY'),
      expect.stringContaining('nobody can sign in'),
      expect.stringContaining(`PUBLIC_URL is https://${HOST}`),
    ]);
  });

  it('through one that rewrites the host or forgets the headers', async () => {
    const rewritten = { ...FORWARDED, Host: 'upstream:3000' };
    expect((await look(TRUSTED, rewritten))['problems']).toEqual([expect.stringContaining('PUBLIC_URL is')]);
    expect((await look(TRUSTED, { ...rewritten, 'X-Forwarded-Host': HOST }))['problems']).toEqual([]);
    expect((await look(TRUSTED, { Host: HOST }))['problems']).toContainEqual(
      expect.stringContaining('sends no X-Forwarded-* headers'),
    );
  });
});

describe('the log', () => {
  const programs: Program[] = [];
  afterEach(async () => {
    for (const program of programs.splice(0)) {
      program.process.kill('SIGTERM');
      await program.ended();
    }
  });

  /** Starts the application as `npm start` does, and lets a proxy come in three times. @returns its warnings */
  const warnings = async (env: Record<string, string>, headers: Record<string, string>) => {
    const database = await createTestDatabase();
    const directory = mkdtempSync(join(tmpdir(), 'otp-proxy-'));
    try {
      const variables = testEnvironment(
        { databaseUrl: database.url, dataDirectory: directory },
        { LOG_LEVEL: 'info', PORT: '0', SANDBOX_PORT: '0', ...env },
      );
      const program = run(process.execPath, ['dist/src/main.js'], variables);
      programs.push(program);
      const url = (await program.says(/The application\s+(http:\S+)/))[1]!;
      for (let visit = 0; visit < 3; visit += 1) await rawRequest(url, { headers });
      // The line of a later request comes after any warning about these.
      await rawRequest(`${url}/sign-in`);
      await program.says(/"route":"\/sign-in"/);
      program.process.kill('SIGTERM');
      await program.ended();
      return program
        .output()
        .split('\n')
        .filter((line) => line.includes('TRUST_PROXY'));
    } finally {
      await database.drop();
      rmSync(directory, { recursive: true, force: true });
    }
  };

  it.each<[string, Record<string, string>]>([
    ['X-Forwarded-For', { 'X-Forwarded-For': '203.0.113.7' }],
    ['X-Forwarded-Proto', { 'X-Forwarded-Proto': 'https' }],
    ['Forwarded', { Forwarded: 'for=203.0.113.7;proto=https' }],
  ])('warns once when %s comes and nobody is trusted', async (_name, headers) => {
    const lines = await warnings({}, headers);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 40, context: 'Http', peer: '127.0.0.0/24' });
    expect(lines[0]).not.toContain('203.0.113.7');
  });

  it('warns once when it comes from somebody else than the trusted ones', async () => {
    expect(await warnings({ TRUST_PROXY: TRUSTED }, { 'X-Forwarded-For': '203.0.113.7' })).toHaveLength(1);
  });

  it('does not warn without such headers, nor of a trusted proxy', async () => {
    expect(await warnings({}, {})).toEqual([]);
    expect(await warnings({ TRUST_PROXY: 'loopback' }, { 'X-Forwarded-For': '203.0.113.7' })).toEqual([]);
  });
});
