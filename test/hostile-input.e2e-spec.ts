import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { Logger } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { withoutBackgroundWork } from '../src/background/background-job.js';
import { administrator, program } from './admin/administrator.js';
import { codeOf, requestIdOf, Visitor } from './host/visitor.js';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { WriteLog } from './support/write-log.js';

const SECRET = 'the secret of the account, long enough';
const ID = '01890000-0000-7000-8000-000000000000';

describe('input that cannot be right is a 4xx before anything is done', () => {
  let application: TestApplication;
  let writes: WriteLog;
  let logged: jest.SpyInstance;
  beforeAll(async () => {
    application = await withoutBackgroundWork(() =>
      startApplication({
        VONAGE_SIGNATURE_SECRET: SECRET,
        RESEND_COOLDOWN_SECONDS: '0',
      }),
    );
    writes = await WriteLog.install(application.sql);
    logged = jest.spyOn(Logger.prototype, 'error');
  });
  beforeEach(() => logged.mockClear());
  // Not even the net below the DTOs was needed: it logs what the database refuses.
  afterEach(() => expect(logged.mock.calls).toEqual([]));
  afterAll(async () => {
    logged.mockRestore();
    await application.close();
  });

  it.each([
    ['a NUL', 'my\0phone'],
    ['half a surrogate pair', 'my\ud800phone'],
    ['a right-to-left override', 'my\u202ephone'],
    ['a line break', 'my\nphone'],
    ['nothing to see', '\u200d\u200d'],
  ])('%s in a phone’s label spends no code', async (_name, label) => {
    const person = await new Visitor(application).signsUp();
    const phoneNumber = freshNumber();
    const requestId = requestIdOf(await person.post('/two-factor/phones', { phoneNumber }));
    const otpCode = application.codeFor(phoneNumber);
    const checks = application.sandbox.calls().check;
    await writes.take();
    const refused = await person.post('/two-factor/phones/verify', { requestId, otpCode, label });
    expect([refused.status, refused.body['errors']]).toEqual([
      400,
      [
        expect.objectContaining({
          field: 'label',
          code: 'hidden-characters',
          message: expect.stringMatching(/visible/),
        }),
      ],
    ]);
    expect(await writes.take()).toEqual([]);
    expect(application.sandbox.calls().check).toBe(checks);
    expect((await person.post('/two-factor/phones/verify', { requestId, otpCode })).status).toBe(200);
  });

  it('a label that is null is no label', async () => {
    const person = await new Visitor(application).signsUp();
    const answer = await application.client.json(
      'POST',
      '/two-factor/authenticators',
      { label: null },
      {
        Cookie: person.cookieHeader(),
      },
    );
    expect(answer.status).toBe(200);
  });

  it('a label is kept in its composed form', async () => {
    const person = await (await new Visitor(application).signsUp()).enrols();
    const { id } = ((await person.get('/two-factor/settings')).body['factors'] as { id: string }[])[0]!;
    const { body } = await person.post(`/two-factor/phones/${id}/label`, { label: ' Zoe\u0308 ' });
    expect((body['factors'] as { label: string }[])[0]!.label).toBe('Zo\u00eb');
  });

  it('JSON thousands of levels deep, on every route', async () => {
    const deep = `${'{"a":'.repeat(2500)}1${'}'.repeat(2500)}`;
    const { body } = await application.client.json('GET', '/openapi.json');
    const posts = Object.entries(body['paths'] as object).filter(([, item]) => 'post' in item);
    for (const [path] of posts) {
      const answer = await application.client.send('POST', path.replace(/\{\w+\}/, ID), {
        headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
        body: path.length % 2 ? deep : `${'['.repeat(7000)}${']'.repeat(7000)}`,
      });
      expect([path, ...codeOf(answer)]).toEqual([path, 400, 'invalid-input']);
    }
  });

  it('a NUL in an e-mail address', async () => {
    const { client } = application;
    const account = { email: 'a\0b@example.com', password: 'a password of the tests' };
    expect(codeOf(await client.json('POST', '/sign-in', account))).toEqual([401, 'sign-in-failed']);
    expect(codeOf(await client.json('POST', '/sign-up', account))).toEqual([400, 'invalid-input']);
  });

  it('a NUL, a date out of the calendar or a number beyond bigint in any filter of the administration', async () => {
    const admin = await program(application);
    const { body } = await application.client.json('GET', '/openapi.json');
    const filters = Object.entries(
      body['paths'] as Record<string, { get?: { parameters?: { name: string; in: string }[] } }>,
    )
      .filter(([path, { get }]) => path.startsWith('/admin') && get)
      .flatMap(([path, { get }]) =>
        (get!.parameters ?? [])
          .filter((each) => each.in === 'query')
          .map(({ name }) => [path, name] as const),
      );
    expect(filters.length).toBeGreaterThan(25);
    for (const [path, name] of filters) {
      for (const value of [
        '\0',
        '-004714-01-01T00:00Z',
        '+010000-01-01T00:00Z',
        '9223372036854775808',
        '1e300',
      ]) {
        const answer = await admin.get(`${path}?${new URLSearchParams({ [name]: value })}`);
        // As a filter by a text a date is only a text that nothing has.
        expect([name, value, answer.status]).toEqual([
          name,
          value,
          value === '\0' || answer.status === 400 ? 400 : 200,
        ]);
      }
    }
    for (const [name, value] of [
      ['from', '-004714-01-01T00:00Z'],
      ['to', '+010000-01-01T00:00Z'],
      ['after', '9223372036854775808'],
    ])
      expect((await admin.get(`/admin/audit?${name}=${encodeURIComponent(value!)}`)).status).toBe(400);
  });

  it('an administrator’s reason that nobody could read', async () => {
    const admin = await administrator(application);
    await writes.take();
    for (const reason of [
      'be\0cause',
      'be\u202ecause',
      'because\u2028of',
      'be\ncause',
      '\u200b\u200b\u200b',
    ]) {
      const answer = await admin.post('/admin/blocks', { kind: 'country', value: 'FR', reason });
      expect([reason, answer.body['errors']]).toEqual([
        reason,
        [expect.objectContaining({ field: 'reason', code: 'hidden-characters' })],
      ]);
    }
    expect(await writes.take()).toEqual([]);
  });

  it('a recipient who hides something; another host’s summary shows it', async () => {
    const person = await (await new Visitor(application).signsUp()).enrols();
    await writes.take();
    for (const recipient of ['AC\u202eME', 'ACME\nPay 1.00', 'AC\u2028ME', 'AC\0ME', '\u3164'])
      expect(codeOf(await person.post('/account/payment', { amount: '40.00', recipient }))).toEqual([
        400,
        'invalid-input',
      ]);
    expect(await writes.take()).toEqual([]);
  });

  it('a currency or a time in a signed webhook', async () => {
    const send = (body: object, claims: object = {}) => {
      const text = JSON.stringify(body);
      const payload = { payload_hash: createHash('sha256').update(text).digest('hex'), ...claims };
      return application.client.send('POST', '/webhooks/vonage/verify', {
        headers: {
          'Content-Type': 'application/json',
          Accept: 'application/json',
          Authorization: `Bearer ${jwt.sign(payload, SECRET, { algorithm: 'HS256' })}`,
        },
        body: text,
      });
    };
    const { requestId } = await application.started();
    const about = {
      request_id: ID,
      client_ref: requestId.replaceAll('-', ''),
      type: 'summary',
      status: 'completed',
    };
    for (const currency of ['\0\0\0', '\ud800xx', 'EURO', 7, null])
      expect([currency, (await send({ ...about, price: '0.1', currency })).status]).toEqual([currency, 204]);
    for (const iat of [1e15, -1, 0.5, 9e99])
      expect([iat, (await send({ ...about, iat }, { iat })).status]).toEqual([iat, 401]);
  });

  it('and what is empty is no body, with or without a type', async () => {
    const person = await (await new Visitor(application).signsUp()).enrols();
    const { body } = await application.client.json('GET', '/openapi.json');
    const empty = Object.entries(body['paths'] as Record<string, { post?: { requestBody?: object } }>)
      .filter(([path, { post }]) => post && !post.requestBody && !/webhooks/.test(path))
      .map(([path]) => path.replace(/\{\w+\}/, ID));
    expect(empty).toEqual(
      expect.arrayContaining(['/two-factor/recovery-codes', '/sign-out', '/admin/audit/verify']),
    );
    // Last what signs out.
    for (const path of empty.sort((one) => (one === '/sign-out' ? 1 : -1))) {
      for (const type of [undefined, 'application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
        const answer = await application.client.send('POST', path, {
          headers: {
            Accept: 'application/json',
            Cookie: person.cookieHeader(),
            'Content-Length': '0',
            ...(type ? { 'Content-Type': type } : {}),
          },
        });
        expect([path, type, [400, 415].includes(answer.status)]).toEqual([path, type, false]);
      }
    }
  });
});

describe('slow requests', () => {
  it('end when their time is up, whether it is the headers or the body that does not come', async () => {
    const application = await startApplication();
    try {
      const server = application.app.getHttpServer();
      expect([server.requestTimeout, server.headersTimeout]).toEqual([30_000, 15_000]);
      // The same limits, shorter: what is tested is that they are looked after in time.
      Object.assign(server, { requestTimeout: 1500, headersTimeout: 1000 });
      const { port } = new URL(application.url);
      const lasts = (text: string) =>
        new Promise<[string, number]>((resolve, reject) => {
          const began = performance.now();
          let answer = '';
          const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
          socket.on('data', (chunk) => (answer += String(chunk)));
          socket.on('close', () => resolve([answer.split('\r\n')[0]!, performance.now() - began]));
          socket.on('error', reject);
        });
      const ends = await Promise.all([
        lasts(
          'POST /request-otp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{',
        ),
        lasts('POST /request-otp HTTP/1.1\r\nHost: x\r\nX-Slow: '),
      ]);
      for (const [status, ms] of ends) {
        expect(status).toBe('HTTP/1.1 408 Request Timeout');
        expect(ms).toBeLessThan(6000);
      }
    } finally {
      await application.close();
    }
  });
});
