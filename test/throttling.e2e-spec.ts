import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import type { Kind } from './support/client.js';

const LIMITS = { THROTTLE_ADDRESS: '5/60', THROTTLE_NUMBER: '3/60', THROTTLE_REQUEST: '4/60' };
const from = (address: string) => ({ 'X-Forwarded-For': address });
let nextAddress = 0;
/** An address that nobody used before. */
const someone = () => from(`203.0.113.${(nextAddress += 1)}`);

describe('floods are stopped before anything else happens', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ ...LIMITS, TRUST_PROXY: 'loopback' });
  });
  afterAll(() => application.close());

  it.each<Kind>(['json', 'html'])('by client address, in the form that was asked for (%s)', async (kind) => {
    const { client, sandbox } = application;
    const headers = someone();
    const before = sandbox.calls().start;
    const answers = [];
    for (let i = 0; i < 7; i += 1) {
      answers.push(await client.as(kind, 'POST', '/request-otp', { phoneNumber: freshNumber() }, headers));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(sandbox.calls().start).toBe(before + 5);
    const refused = answers.at(-1)!;
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    // What is left of every fence that was asked, in the standard headers.
    expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"address";q=5;w=60, "number";q=3;w=60');
    expect(answers[0]!.headers.get('ratelimit')).toMatch(/^"address";r=4;t=\d+, "number";r=2;t=\d+$/);
    expect(refused.headers.get('ratelimit')).toMatch(/^"address";r=0;t=\d+$/);
    if (kind === 'json') expect(refused.body['code']).toBe('rate-limited');
    else expect(refused.text).toContain('action="/request-otp"');
  });

  it('by number, in every spelling, on start', async () => {
    const { client } = application;
    const spellings = [
      '+14155552671',
      '14155552671',
      '001 415 555 2671',
      '(+1) 415-555-2671',
      '+1 415 555 2671',
    ];
    const statuses = [];
    for (const phoneNumber of spellings) {
      statuses.push((await client.json('POST', '/request-otp', { phoneNumber }, someone())).status);
    }
    // The second and third are strangers to the live request: refused, but counted.
    expect(statuses).toEqual([200, 409, 409, 429, 429]);
  });

  it('by request on verify, and the page keeps its form', async () => {
    const { client, codeFor } = application;
    const phoneNumber = freshNumber();
    const start = await client.json('POST', '/request-otp', { phoneNumber }, someone());
    const requestId = start.body['requestId'] as string;
    for (let i = 0; i < 4; i += 1) {
      await client.json('POST', '/verify-otp', { requestId, otpCode: '12' }, someone());
    }
    const otpCode = codeFor(phoneNumber);
    const page = await client.html(
      'POST',
      '/verify-otp',
      { requestId: requestId.toUpperCase(), otpCode },
      someone(),
    );
    expect(page.status).toBe(429);
    expect(page.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(page.text).toContain('action="/verify-otp"');
    expect(page.text).toContain(`value="${otpCode}"`);
  });

  it('one IPv6 /64 and the mapped forms of one IPv4 address are one client', async () => {
    const { client } = application;
    const statusesOf = async (addresses: string[]) => {
      const statuses = [];
      for (const address of addresses) {
        statuses.push(
          (await client.json('POST', '/request-otp', { phoneNumber: freshNumber() }, from(address))).status,
        );
      }
      return statuses;
    };
    const neighbours = Array.from({ length: 6 }, (_, i) => `2001:db8:1:2:${i}::${i + 1}`);
    expect(await statusesOf(neighbours)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(await statusesOf(['2001:db8:1:3::1'])).toEqual([200]);
    expect(
      await statusesOf([
        '198.51.100.7',
        '::ffff:198.51.100.7',
        '::ffff:c633:6407',
        '198.51.100.7',
        '198.51.100.7',
        '198.51.100.7',
      ]),
    ).toEqual([200, 200, 200, 200, 200, 429]);
  });

  it('reading is not counted', async () => {
    const headers = someone();
    for (let i = 0; i < 10; i += 1) {
      expect((await application.client.html('GET', '/', undefined, headers)).status).toBe(200);
    }
  });
});

describe('without a configured proxy', () => {
  it('forged forwarding headers are not believed', async () => {
    const application = await startApplication(LIMITS);
    try {
      const statuses = [];
      for (let i = 0; i < 6; i += 1) {
        const address = `203.0.113.${200 + i}`;
        const forged = { ...from(address), Forwarded: `for=${address}`, 'X-Real-IP': address };
        statuses.push(
          (await application.client.json('POST', '/request-otp', { phoneNumber: freshNumber() }, forged))
            .status,
        );
      }
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    } finally {
      await application.close();
    }
  });
});

describe('limits mean what they say', () => {
  it.each([
    ['0', [429, 429]],
    ['off', [200, 200]],
  ])('%s', async (limit, expected) => {
    const application = await startApplication({ THROTTLE_ADDRESS: limit });
    try {
      const statuses = [];
      for (let i = 0; i < 2; i += 1) {
        statuses.push(
          (await application.client.json('POST', '/request-otp', { phoneNumber: freshNumber() })).status,
        );
      }
      expect(statuses).toEqual(expected);
    } finally {
      await application.close();
    }
  });
});
