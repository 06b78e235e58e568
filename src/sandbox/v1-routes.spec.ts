import { Vonage } from '@vonage/server-sdk';
import { sandboxUnderTest, type SandboxUnderTest, wrong } from '../../test/support/sandbox-under-test.js';

describe('Verify v1', () => {
  let t: SandboxUnderTest;
  beforeAll(async () => {
    t = await sandboxUnderTest();
  });
  afterAll(() => t.sandbox.close());

  const GONE = 'The Vonage platform was unable to process this message for the following reason: Request ';

  describe('answers as the examples of the OpenAPI file do', () => {
    it('start: success', async () => {
      const body = await t.v1('', { number: t.freshNumber(), brand: 'Acme' });
      expect(body).toEqual({ request_id: expect.stringMatching(/^[0-9a-f]{32}$/), status: '0' });
    });

    it('start: concurrent, with the id of the request in flight', async () => {
      const number = t.freshNumber();
      const id = await t.v1Start(number);
      expect(await t.v1('', { number, brand: 'Acme' })).toEqual({
        request_id: id,
        status: '10',
        error_text: 'Concurrent verifications to the same number are not allowed',
      });
      expect(t.sandbox.ledger(number)).toHaveLength(1);
    });

    it.each([
      ['01', { status: '1', error_text: 'Throttled' }],
      ['02', { status: '2', error_text: 'Missing brand' }],
      ['03', { status: '3', error_text: 'Invalid value for number' }],
      ['04', { status: '4', error_text: 'Invalid credentials were provided' }],
      ['05', { status: '5', error_text: 'Internal Error' }],
      [
        '06',
        {
          status: '6',
          error_text:
            'The Vonage platform was unable to process this message for the following reason: The request could not be routed.',
        },
      ],
      [
        '07',
        {
          status: '7',
          error_text: 'The number you are trying to verify is blacklisted for verification.',
          network: expect.any(String),
        },
      ],
      [
        '08',
        {
          status: '8',
          error_text:
            'The api_key you supplied is for an account that has been barred from submitting messages.',
        },
      ],
      ['09', { status: '9', error_text: 'Partner quota exceeded' }],
      [
        '10',
        {
          request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
          status: '10',
          error_text: 'Concurrent verifications to the same number are not allowed',
        },
      ],
      ['11', { status: '10', error_text: 'Concurrent verifications to the same number are not allowed' }],
      ['15', { status: '15', error_text: 'The destination number is not in a supported network' }],
      ['20', { status: '20', error_text: 'This account does not support the parameter: pin_code.' }],
      [
        '29',
        {
          status: '29',
          error_text:
            'Your Vonage account is still in demo mode. While in demo mode you must add target numbers to the approved list for your account. Add funds to your account to remove this limitation.',
        },
      ],
    ])('start to magic number …%s, and sends nothing', async (ending, answer) => {
      const number = `120255501${ending}`;
      expect(await t.v1('', { number, brand: 'Acme' })).toEqual(answer);
      expect(t.sandbox.ledger(number)).toEqual([]);
    });

    it('check: success, with its price', async () => {
      const number = t.freshNumber();
      const id = await t.v1Start(number);
      expect(await t.v1('check/', { request_id: id, code: t.newest(number).code })).toEqual({
        request_id: id,
        event_id: expect.stringMatching(/^0A[0-9A-F]{14}$/),
        status: '0',
        price: '0.10000000',
        currency: 'EUR',
        estimated_price_messages_sent: '0.05000000',
      });
    });

    it('check: wrong, wrong, exhausted, gone', async () => {
      const number = t.freshNumber();
      const id = await t.v1Start(number);
      const { code } = t.newest(number);
      const check = (given: string) => t.v1('check/', { request_id: id, code: given });
      const mismatch = { status: '16', error_text: 'The code inserted does not match the expected value' };
      expect([await check(wrong(code)), await check(wrong(code))]).toEqual([mismatch, mismatch]);
      expect(await check(wrong(code))).toEqual({
        status: '17',
        error_text: 'The wrong code was provided too many times. Request terminated',
      });
      expect(await check(code)).toEqual({
        status: '6',
        error_text: `${GONE}'${id}' was not found or it has been verified already.`,
      });
    });

    it.each(['check/', 'control/', 'search/'] as const)(
      '%s: missing and invalid parameters',
      async (operation) => {
        expect(await t.v1(operation, { cmd: 'cancel', code: '1234' })).toEqual({
          status: '2',
          error_text: 'Missing request_id',
        });
        expect(await t.v1(operation, { request_id: '../etc', cmd: 'cancel', code: '1234' })).toEqual({
          status: '3',
          error_text: 'Invalid value for param: request_id',
        });
      },
    );

    it('control: cancel too early, in time, and too late', async () => {
      const id = await t.v1Start(t.freshNumber(), { workflow_id: 4 });
      const cancel = (request: string) => t.v1('control/', { request_id: request, cmd: 'cancel' });
      expect(await cancel(id)).toEqual({
        status: '19',
        error_text: `Verification request ['${id}'] can't be cancelled within the first 30 seconds.`,
      });
      await t.advance(31);
      expect(await cancel(id)).toEqual({ status: '0', command: 'cancel' });
      expect(await cancel(id)).toMatchObject({ status: '6' });

      const late = await t.v1Start(t.freshNumber(), { workflow_id: 4 });
      await t.v1('control/', { request_id: late, cmd: 'trigger_next_event' });
      await t.advance(31);
      expect(await cancel(late)).toEqual({
        status: '19',
        error_text: `Verification request  ['${late}'] can't be cancelled now. Too many attempts to re-deliver have already been made.`,
      });
    });

    it('control: trigger until no more events are left', async () => {
      const number = t.freshNumber();
      const id = await t.v1Start(number, { workflow_id: '2' });
      const trigger = () => t.v1('control/', { request_id: id, cmd: 'trigger_next_event' });
      expect(await trigger()).toEqual({ status: '0', command: 'trigger_next_event' });
      expect(await trigger()).toEqual({ status: '0', command: 'trigger_next_event' });
      expect(await trigger()).toEqual({
        status: '19',
        error_text: `No more events are left to execute for the request ['${id}']`,
      });
      expect(t.sandbox.ledger(number).map(({ channel }) => channel)).toEqual(['sms', 'sms', 'voice']);
    });

    it('search: everything about a request, a minute after its end', async () => {
      const number = t.freshNumber();
      const id = await t.v1Start(number, { sender_id: 'ACME' });
      const { code } = t.newest(number);
      const search = async () => (await t.call('GET', `/verify/search/json?request_id=${id}`)).body;
      expect(await search()).toMatchObject({ status: 'IN PROGRESS', price: '0.00000000' });
      await t.v1('check/', { request_id: id, code: wrong(code) });
      await t.v1('check/', { request_id: id, code });
      expect(await search()).toEqual({ status: '101', error_text: 'No response found' });
      await t.advance(60);
      const date = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      expect(await search()).toEqual({
        request_id: id,
        account_id: 'abcdef01',
        number,
        sender_id: 'ACME',
        date_submitted: date,
        date_finalized: date,
        checks: [
          { date_received: date, code: wrong(code), status: 'INVALID', ip_address: '' },
          { date_received: date, code, status: 'VALID', ip_address: '' },
        ],
        first_event_date: date,
        last_event_date: date,
        price: '0.10000000',
        currency: 'EUR',
        status: 'SUCCESS',
        estimated_price_messages_sent: '0.05000000',
        events: [{ id: expect.any(String), type: 'sms' }],
      });
    });
  });

  it('searches up to ten requests at once', async () => {
    const ids = [await t.v1Start(t.freshNumber()), await t.v1Start(t.freshNumber())];
    const search = async (some: string[]) =>
      (await t.call('GET', `/verify/search/json?${some.map((id) => `request_ids=${id}`).join('&')}`)).body;
    expect((await search(ids)).verification_requests).toMatchObject([
      { request_id: ids[0] },
      { request_id: ids[1] },
    ]);
    expect(await search(Array.from({ length: 11 }, () => 'a'))).toMatchObject({ status: '3' });
  });

  it('takes forms with the credentials inside, and asks for them', async () => {
    const form = async (fields: Record<string, string>) => {
      const response = await fetch(`${t.sandbox.url}/verify/json`, {
        method: 'POST',
        body: new URLSearchParams(fields),
      });
      return response.json();
    };
    const request = { number: t.freshNumber(), brand: 'Acme' };
    expect(await form({ ...request, api_key: 'k', api_secret: 's' })).toMatchObject({ status: '0' });
    expect(await form(request)).toEqual({ status: '2', error_text: 'Missing api_key' });
    expect(await form({ ...request, api_key: 'k' })).toEqual({
      status: '2',
      error_text: 'Missing api_secret',
    });
  });

  it('answers a body that it cannot read as one that lacks everything', async () => {
    for (const body of ['{"number":', `{"number":"${'1'.repeat(101 * 1024)}"}`]) {
      const headers = { 'content-type': 'application/json', authorization: 'Basic azpz' };
      const response = await fetch(`${t.sandbox.url}/verify/json`, { method: 'POST', headers, body });
      expect([response.status, await response.json()]).toEqual([
        200,
        { status: '2', error_text: 'Missing number' },
      ]);
    }
  });

  it.each([
    [{ number: '+14155552671' }, 'number'],
    [{ brand: 'nineteen characters' }, 'brand'],
    [{ sender_id: 'twelve chars' }, 'sender_id'],
    [{ code_length: 5 }, 'code_length'],
    [{ pin_expiry: 59 }, 'pin_expiry'],
    [{ pin_expiry: 3601 }, 'pin_expiry'],
    [{ next_event_wait: 901 }, 'next_event_wait'],
    [{ workflow_id: 8 }, 'workflow_id'],
    [{ lg: 'tlh' }, 'lg'],
  ])('refuses %j', async (parameters, name) => {
    const answer = await t.v1('', { number: t.freshNumber(), brand: 'Acme', ...parameters });
    expect(answer).toEqual({ status: '3', error_text: `Invalid value for ${name}` });
  });

  it('ends a request when its code expires, and frees the number', async () => {
    const number = t.freshNumber();
    const id = await t.v1Start(number, { workflow_id: 6, pin_expiry: 60 });
    const { code } = t.newest(number);
    await t.advance(60);
    expect(await t.v1('check/', { request_id: id, code })).toMatchObject({ status: '6' });
    expect(await t.v1('', { number, brand: 'Acme' })).toMatchObject({ status: '0' });
    await t.advance(60);
    const found = await t.v1('search/', { request_id: id });
    expect(found).toMatchObject({ status: 'EXPIRED', price: '0.00000000' });
  });

  it('sends the next event by itself, and gives its new code three fresh attempts', async () => {
    const number = t.freshNumber();
    const id = await t.v1Start(number, { workflow_id: 5, pin_expiry: 120 });
    const first = t.newest(number).code;
    const check = async (code: string) => (await t.v1('check/', { request_id: id, code })).status;
    expect([await check(wrong(first)), await check(wrong(first))]).toEqual(['16', '16']);
    await t.advance(120);
    expect(t.sandbox.ledger(number).map(({ channel }) => channel)).toEqual(['sms', 'voice']);
    const second = t.newest(number).code;
    expect([await check(wrong(second)), await check(wrong(second)), await check(second)]).toEqual([
      '16',
      '16',
      '0',
    ]);
  });

  it('repeats the code while it lives, when the next event comes by itself', async () => {
    const number = t.freshNumber();
    await t.v1Start(number, { workflow_id: 4, pin_expiry: 120, next_event_wait: 60 });
    await t.advance(60);
    const codes = t.sandbox.ledger(number).map(({ code }) => code);
    expect(codes).toHaveLength(2);
    expect(new Set(codes).size).toBe(1);
  });

  it('works with the real SDK', async () => {
    const { verify: client } = new Vonage(
      { apiKey: 'abcdef01', apiSecret: 'secret' },
      { apiHost: t.sandbox.url },
    );
    const number = t.freshNumber();
    const started = await client.start({
      number,
      brand: 'My Awesome App',
      codeLength: 6,
      workflowId: '6',
    } as never);
    const id = (started as { requestId: string }).requestId;
    const { code, text } = t.newest(number);
    expect(text).toBe(`My Awesome App code: ${code}. Valid for 5 minutes.`);
    expect(await client.check(id, wrong(code))).toMatchObject({ status: '16' });
    expect(await client.search(id)).toMatchObject({ status: 'IN PROGRESS', requestId: id });
    expect(await client.trigger(id)).toMatchObject({ status: '19' });
    await t.advance(31);
    expect(await client.cancel(id)).toMatchObject({ status: '0', command: 'cancel' });
  });
});
