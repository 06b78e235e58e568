import { freshNumber, type TestApplication } from '../support/application.js';
import type { Answer } from '../support/client.js';
import { anotherInstance, cancel, ONLY, start, startProtected, tally } from './callers.js';

const elapsed = (application: TestApplication, seconds: number) =>
  application.sql.query(
    `UPDATE otp_rate_counters SET moments = ARRAY(SELECT m - make_interval(secs => $1) FROM unnest(moments) m)`,
    [seconds],
  );

describe('limits of messages', () => {
  let application: TestApplication;
  afterEach(() => application.close());

  /** Gives a request up, once the provider takes that. */
  async function ends(answer: Answer) {
    await application.advanceProvider(31);
    await cancel(application.client, answer);
  }

  /** Starts and ends requests for one number, until one is refused. */
  async function untilRefused(phoneNumber: string, most: number, from?: string) {
    for (let started = 0; started <= most; started += 1) {
      const answer = await start(application.client, phoneNumber, from ? { from } : {});
      if (answer.status !== 200) return { started, answer };
      await ends(answer);
    }
    throw new Error('never refused');
  }

  it('a number gets one message in 30 seconds, five an hour and ten a day, whoever asks from wherever', async () => {
    application = await startProtected(ONLY('number-cooldown', 'number-limit'));
    const phoneNumber = freshNumber();
    const total = { hour: 0, day: 0 };
    for (let hour = 0; hour < 3; hour += 1) {
      for (let i = 0; i < 7; i += 1) {
        const answer = await start(application.client, phoneNumber, { from: `198.51.100.${i + 10 * hour}` });
        if (answer.status === 200) {
          total.day += 1;
          await ends(answer);
          const again = await start(application.client, phoneNumber, { from: `203.0.113.${i}` });
          expect(again.body).toMatchObject({ code: 'cooldown' });
          expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(25);
          expect(Number(again.headers.get('retry-after'))).toBeLessThanOrEqual(30);
        } else {
          expect(answer.body).toMatchObject({ code: 'rate-limited' });
        }
        await elapsed(application, 31);
      }
      total.hour = total.hour || total.day;
      await elapsed(application, 3600);
    }
    expect(total).toEqual({ hour: 5, day: 10 });
    expect(application.sandbox.ledger(phoneNumber)).toHaveLength(10);
  });

  it('the window slides: no hour has more than its five, wherever it begins', async () => {
    application = await startProtected(ONLY('number-limit'));
    const phoneNumber = freshNumber();
    await untilRefused(phoneNumber, 5);
    await elapsed(application, 3550);
    const { started, answer } = await untilRefused(phoneNumber, 5);
    expect(started).toBe(0);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(50);
    await elapsed(application, 51);
    expect((await untilRefused(phoneNumber, 5)).started).toBe(5);
  });

  it('every spelling of a number is the same number', async () => {
    application = await startProtected({ ...ONLY('number-limit'), LIMIT_NUMBER: '1/3600' });
    const first = await start(application.client, '+14155560999');
    await cancel(application.client, first);
    for (const spelling of [
      '+1 415 556-0999',
      '0014155560999',
      '14155560999',
      'tel:+1-415-556-0999',
      '＋１４１５５５６０９９９',
      '+١٤١٥٥٥٦٠٩٩٩',
      '+1\u200e4155560999',
      '+1 (415) 556 0999',
    ]) {
      const answer = await start(application.client, spelling);
      expect({ spelling, status: answer.status }).toEqual({ spelling, status: 429 });
    }
    expect(application.sandbox.ledger('+14155560999')).toHaveLength(1);
  });

  it('every address of a network is one: mapped forms, a whole /64, and what an untrusted peer claims', async () => {
    application = await startProtected({ ...ONLY('address-limit'), LIMIT_ADDRESS: '2/3600' });
    const { client } = application;
    const from = async (address: string) => (await start(client, freshNumber(), { from: address })).status;
    expect(await from('203.0.113.7')).toBe(200);
    expect(await from('::ffff:203.0.113.7')).toBe(200);
    expect(await from('::ffff:cb00:7107')).toBe(429);
    expect(await from('203.0.113.7')).toBe(429);
    for (let i = 0; i < 20; i += 1)
      expect(await from(`2001:db8:1:2::${((i * 7919) % 65_536).toString(16)}`)).toBe(i < 2 ? 200 : 429);
    expect(await from('2001:DB8:0001:0002:ffff::1')).toBe(429);
    expect(await from('2001:db8:1:3::1')).toBe(200);
  });

  it('nobody is believed who says to come from elsewhere, where no proxy is trusted', async () => {
    application = await startProtected({
      ...ONLY('address-limit'),
      TRUST_PROXY: 'off',
      LIMIT_ADDRESS: '2/3600',
    });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const forged = {
        'X-Forwarded-For': `9.9.9.${i}`,
        Forwarded: `for=8.8.8.${i}`,
        'X-Real-IP': `7.7.7.${i}`,
      };
      const body = { phoneNumber: freshNumber() };
      statuses.push((await application.client.json('POST', '/request-otp', body, forged)).status);
    }
    expect(statuses).toEqual([200, 200, 429, 429, 429, 429]);
  });

  it('a session gets three messages in ten minutes, further ones of the same request among them', async () => {
    application = await startProtected({
      ...ONLY('session-limit'),
      RESEND_COOLDOWN_SECONDS: '0',
    });
    const { client, sandbox } = application;
    const session = 'one-browser';
    const headers = { Cookie: `otp-caller=${session.padEnd(22, 'A')}` };
    const phoneNumber = freshNumber();
    const first = await start(client, phoneNumber, { session });
    await application.advanceProvider(31);
    const resent = await client.json('POST', '/resend-otp', { requestId: first.body['requestId'] }, headers);
    expect(resent.status).toBe(200);
    expect((await start(client, freshNumber(), { session })).status).toBe(200);
    const fourth = await start(client, freshNumber(), { session });
    expect(fourth.body).toMatchObject({ status: 429, code: 'rate-limited' });
    await application.advanceProvider(31);
    const more = await client.json('POST', '/resend-otp', { requestId: first.body['requestId'] }, headers);
    expect(more.body).toMatchObject({
      status: 429,
      code: 'rate-limited',
      requestId: first.body['requestId'],
    });
    expect(sandbox.ledger(phoneNumber)).toHaveLength(2);
    // The code that is out still works.
    const otpCode = application.codeFor(phoneNumber);
    const fields = { requestId: first.body['requestId'], otpCode };
    expect((await client.json('POST', '/verify-otp', fields, headers)).status).toBe(200);
  });

  it.each([
    ['number-limit', { LIMIT_NUMBER: '3/3600' }],
    ['address-limit', { LIMIT_ADDRESS: '3/3600' }],
    ['prefix-limit', { LIMIT_PREFIX_PER_DAY: '3' }],
    ['country-limit', { LIMIT_COUNTRY_PER_DAY: '3' }],
    ['budget', { BUDGET_PER_DAY: '0.24' }],
    ['country-budget', { BUDGET_PER_COUNTRY_PER_DAY: '0.24' }],
  ])('%s with one left lets one of 200 parallel starts through, on two instances', async (rule, env) => {
    const settings = { ...ONLY(rule), ...env, DATABASE_POOL_SIZE: '10' };
    application = await startProtected(settings);
    const other = await anotherInstance(application, settings);
    try {
      const same = freshNumber();
      const numberFor = () => (rule === 'number-limit' ? same : freshNumber());
      for (let i = 0; i < 2; i += 1) {
        const answer = await start(application.client, numberFor());
        expect(answer.status).toBe(200);
        await ends(answer);
      }
      const before = application.sandbox.ledger().length;
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          start(index % 2 ? application.client : other.client, numberFor()),
        ),
      );
      expect(application.sandbox.ledger().length - before).toBe(1);
      expect(tally(answers)[500]).toBeUndefined();
      expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(
        rule === 'number-limit' ? 0 : 199,
      );
    } finally {
      await other.close();
    }
  });

  it('holds over a restart', async () => {
    const settings = { ...ONLY('prefix-limit'), LIMIT_PREFIX_PER_DAY: '5' };
    application = await startProtected(settings);
    for (let i = 0; i < 4; i += 1) expect((await start(application.client, freshNumber())).status).toBe(200);
    const restarted = await anotherInstance(application, settings);
    try {
      expect((await start(restarted.client, freshNumber())).status).toBe(200);
      expect((await start(restarted.client, freshNumber())).status).toBe(429);
    } finally {
      await restarted.close();
    }
  });

  it('a limit of 0 refuses all, off lifts it', async () => {
    application = await startProtected({
      ...ONLY('number-limit', 'address-limit'),
      LIMIT_NUMBER: '0/60',
      LIMIT_ADDRESS: 'off',
    });
    expect((await start(application.client, freshNumber())).status).toBe(429);
    expect(application.sandbox.ledger()).toHaveLength(0);
  });

  it('a refresh or a double click costs nothing, also where nothing is left', async () => {
    application = await startProtected({
      ...ONLY('number-limit', 'number-cooldown'),
      LIMIT_NUMBER: '1/3600',
    });
    const phoneNumber = freshNumber();
    const session = 'the-same-browser';
    const first = await start(application.client, phoneNumber, { session });
    for (let i = 0; i < 3; i += 1) {
      const again = await start(application.client, phoneNumber, { session });
      expect(again.body['requestId']).toBe(first.body['requestId']);
    }
    expect(application.sandbox.ledger(phoneNumber)).toHaveLength(1);
  });
});

describe('limits of windows of the same length', () => {
  it('a cooldown and a limit of one length are two limits', async () => {
    const application = await startProtected({
      ...ONLY('number-limit', 'number-cooldown'),
      NUMBER_COOLDOWN_SECONDS: '60',
      LIMIT_NUMBER: '5/60',
    });
    try {
      const phoneNumber = freshNumber();
      expect((await start(application.client, phoneNumber)).status).toBe(200);
      const again = await start(application.client, phoneNumber, { session: 'somebody-else' });
      expect(again.status).toBe(409);
    } finally {
      await application.close();
    }
  });

  it('two limits of one length are refused at the start', async () => {
    const settings = { ...ONLY('number-limit'), LIMIT_NUMBER: '5/60,3/60' };
    await expect(startProtected(settings)).rejects.toThrow('one limit per window');
  });
});
