import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';
import type { Answer, Kind } from './support/client.js';

/** Each row of the error table of docs/http.md: how it is reached, in JSON and as a page, and what it must say. */
interface Row {
  code: string;
  status: number;
  /** Words that the page shows. */
  words: string;
  reach(application: TestApplication, kind: Kind): Promise<Answer>;
}

const UNKNOWN_ID = '0198f2c4-0000-7000-8000-000000000000';
const otherCaller = { Cookie: 'otp-caller=BBBBBBBBBBBBBBBBBBBBBB' };

const rows: Row[] = [
  {
    code: 'invalid-input',
    status: 400,
    words: 'Enter a phone number',
    reach: ({ client }, kind) => client.as(kind, 'POST', '/request-otp', {}),
  },
  {
    code: 'invalid-phone-number',
    status: 422,
    words: 'Enter a mobile number that can receive messages',
    reach: ({ client }, kind) => client.as(kind, 'POST', '/request-otp', { phoneNumber: '+1 415 555' }),
  },
  {
    code: 'destination-not-allowed',
    status: 403,
    words: 'We can’t send codes to this number',
    reach: ({ client }, kind) => client.as(kind, 'POST', '/request-otp', { phoneNumber: '+4915112345678' }),
  },
  {
    code: 'destination-rejected',
    status: 422,
    words: 'We couldn’t reach this number',
    reach: ({ client }, kind) => client.as(kind, 'POST', '/request-otp', { phoneNumber: '+12025550103' }),
  },
  {
    code: 'wrong-code',
    status: 422,
    words: 'That code isn’t right. You have 2 tries left.',
    reach: async ({ client, started }, kind) => {
      const { requestId, code } = await started();
      return client.as(kind, 'POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    },
  },
  {
    code: 'attempts-exhausted',
    status: 410,
    words: 'There were too many wrong codes',
    reach: async ({ client, started }, kind) => {
      const { requestId, code } = await started();
      const submit = () => client.as(kind, 'POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
      await submit();
      await submit();
      return submit();
    },
  },
  {
    code: 'expired',
    status: 410,
    words: 'This code has expired',
    reach: async ({ client, started, sql }, kind) => {
      const { requestId, code } = await started();
      await sql.query('UPDATE otp_verification_requests SET expires_at = now() WHERE id = $1', [requestId]);
      return client.as(kind, 'POST', '/verify-otp', { requestId, otpCode: code });
    },
  },
  {
    code: 'cancelled',
    status: 410,
    words: 'This code was cancelled',
    reach: async ({ client, started }, kind) => {
      const { requestId, code } = await started();
      await client.json('POST', '/cancel-otp', { requestId });
      return client.as(kind, 'POST', '/verify-otp', { requestId, otpCode: code });
    },
  },
  {
    code: 'already-verified',
    status: 409,
    words: 'Each code works once',
    reach: async ({ client, started }, kind) => {
      const { requestId, code } = await started();
      await client.json('POST', '/verify-otp', { requestId, otpCode: code });
      return client.as(kind, 'POST', '/verify-otp', { requestId, otpCode: code });
    },
  },
  {
    code: 'unknown-request',
    status: 404,
    words: 'We couldn’t find this code',
    reach: ({ client }, kind) =>
      client.as(kind, 'POST', '/verify-otp', { requestId: UNKNOWN_ID, otpCode: '123456' }),
  },
  {
    code: 'not-ready',
    status: 409,
    words: 'We’re still sending the message',
    reach: async ({ client, fault, sql }, kind) => {
      const phoneNumber = freshNumber();
      await fault({ kind: 'lost-answer', operation: 'start', to: phoneNumber });
      await client.json('POST', '/request-otp', { phoneNumber });
      const { rows: found } = await sql.query<{ id: string }>(
        `SELECT id FROM otp_verification_requests WHERE status = 'SENDING' ORDER BY created_at DESC LIMIT 1`,
      );
      return client.as(kind, 'POST', '/verify-otp', { requestId: found[0]!.id, otpCode: '123456' });
    },
  },
  {
    code: 'check-in-progress',
    status: 409,
    words: 'We’re already checking your code',
    reach: async ({ client, started, fault, sql }, kind) => {
      const { requestId, code, phoneNumber } = await started();
      await fault({ kind: 'latency', operation: 'check', to: phoneNumber, latencyMs: 1500 });
      const first = client.json('POST', '/verify-otp', { requestId, otpCode: code });
      const isClaimed = async () =>
        (
          await sql.query(
            'SELECT 1 FROM otp_verification_requests WHERE id = $1 AND lease_token IS NOT NULL',
            [requestId],
          )
        ).rowCount === 1;
      while (!(await isClaimed())) await new Promise((resolve) => setTimeout(resolve, 10));
      const second = await client.as(kind, 'POST', '/verify-otp', { requestId, otpCode: code });
      await first;
      return second;
    },
  },
  {
    code: 'phone-busy',
    status: 409,
    words: 'A code for this number is already on its way',
    reach: async ({ client, started }, kind) => {
      const { phoneNumber } = await started();
      return client.as(kind, 'POST', '/request-otp', { phoneNumber }, otherCaller);
    },
  },
  {
    code: 'cooldown',
    status: 429,
    words: 'You can get a new code in',
    reach: async ({ client, started }, kind) => {
      const { requestId } = await started();
      return client.as(kind, 'POST', '/resend-otp', { requestId });
    },
  },
  {
    code: 'rate-limited',
    status: 429,
    words: 'Too many attempts',
    reach: async ({ client, started, sql }, kind) => {
      const { requestId } = await started();
      await sql.query(
        'UPDATE otp_verification_requests SET sends = 3, resend_available_at = now() WHERE id = $1',
        [requestId],
      );
      return client.as(kind, 'POST', '/resend-otp', { requestId });
    },
  },
  {
    code: 'provider-unavailable',
    status: 503,
    words: 'We can’t send or check codes right now',
    reach: ({ client }, kind) => client.as(kind, 'POST', '/request-otp', { phoneNumber: '+12025550108' }),
  },
  {
    code: 'not-found',
    status: 404,
    words: 'There’s no page at this address',
    reach: ({ client }, kind) => client.as(kind, 'GET', '/nowhere'),
  },
  {
    code: 'payload-too-large',
    status: 413,
    words: 'The request is too large',
    reach: ({ client }, kind) => client.as(kind, 'POST', '/request-otp', { phoneNumber: '1'.repeat(20_000) }),
  },
  {
    code: 'unsupported-media-type',
    status: 415,
    words: 'application/x-www-form-urlencoded or application/json',
    reach: ({ client }, kind) =>
      client.as(
        kind,
        'POST',
        '/request-otp',
        { phoneNumber: '+14155552671' },
        { 'Content-Type': 'text/plain' },
      ),
  },
  {
    code: 'cross-origin',
    status: 403,
    words: 'came from another site',
    reach: ({ client }, kind) =>
      client.as(
        kind,
        'POST',
        '/request-otp',
        { phoneNumber: '+14155552671' },
        { Origin: 'https://evil.example' },
      ),
  },
];

describe.each<Kind>(['json', 'html'])(
  'every failure of the contract is reached and told in its own words (%s)',
  (kind) => {
    let application: TestApplication;
    beforeAll(async () => {
      application = await startApplication({ ALLOWED_COUNTRIES: 'US,GB' });
    });
    afterAll(() => application.close());

    it.each(rows)('$status $code', async ({ code, status, words, reach }) => {
      const answer = await reach(application, kind);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('vary')).toMatch(/\bAccept\b/);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      if (status === 429 || status === 503) expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      if (kind === 'json') {
        expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
        expect(answer.body).toMatchObject({ code, status, type: `/docs#${code}` });
        expect(JSON.stringify(answer.body)).toContain(words);
      } else {
        expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
        expect(answer.text).toContain('<title>Error: ');
        expect(answer.text).toContain(words);
      }
    });

    it('406 not-acceptable, before anything happens', async () => {
      const { client, sandbox } = application;
      const phoneNumber = freshNumber();
      const answer = await client.as(kind, 'POST', '/request-otp', { phoneNumber }, { Accept: 'image/png' });
      expect([answer.status, answer.body['code']]).toEqual([406, 'not-acceptable']);
      expect(sandbox.ledger(phoneNumber)).toHaveLength(0);
    });
  },
);

describe('a failing page', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  it('keeps what was typed, escaped, and puts the message beside its field', async () => {
    const typed = '"><script>alert(1)</script>';
    const { text } = await application.client.html('POST', '/request-otp', {
      phoneNumber: typed,
      country: 'FR',
    });
    expect(text).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
    expect(text).not.toContain('<script>alert');
    expect(text).toContain('<option value="FR" selected>');
    expect(text).toContain('aria-invalid="true"');
    expect(text).toContain('<a href="#phoneNumber">');
  });

  it('has a message of its own for each kind of malformed code, and spends no attempt', async () => {
    const { client, started } = application;
    const { requestId, code } = await started();
    for (const [otpCode, words] of [
      ['', 'Enter the code from the message'],
      ['12345', 'The code is too short'],
      ['1234567', 'The code is too long'],
      ['12345a', 'Use digits only'],
    ] as const) {
      const page = await client.html('POST', '/verify-otp', { requestId, otpCode });
      expect(page.status).toBe(400);
      expect(page.text).toContain(words);
      expect(page.text).toContain(`name="requestId" value="${requestId}"`);
    }
    const { body } = await client.json('GET', `/verifications/${requestId}`);
    expect(body['attemptsRemaining']).toBe(3);
    expect((await client.json('POST', '/verify-otp', { requestId, otpCode: code })).status).toBe(200);
  });
});
