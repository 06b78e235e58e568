import { randomUUID } from 'node:crypto';
import { requestIdOf, Visitor } from './host/visitor.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';

/** What a page says, without its markup. */
const titleOf = (html: string) => /<h1[^>]*>([^<]*)<\/h1>/.exec(html)?.[1];
const asksForCode = (html: string) => html.includes('name="otpCode"');

describe('the page of a code', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const messagesTo = (phoneNumber: string) =>
    application.sandbox.ledger(phoneNumber).map(({ channel }) => channel);
  const started = async () => {
    const person = new Visitor(application, 'html');
    const phoneNumber = freshNumber();
    const page = await person.post('/request-otp', { phoneNumber });
    const requestId = requestIdOf(page);
    const look = async () => (await person.get(`/verify-otp?requestId=${requestId}`)).text;
    return { person, phoneNumber, page: page.text, requestId, look };
  };
  const expire = (requestId: string) =>
    application.sql.query('UPDATE otp_verification_requests SET expires_at = now() WHERE id = $1', [
      requestId,
    ]);

  it('says when and how the code was sent, and until when it is valid', async () => {
    const { page, requestId, person, phoneNumber } = await started();
    const { body } = await application.client.json('GET', `/verifications/${requestId}`, undefined, {
      Cookie: person.cookieHeader(),
    });
    expect(page).toContain(`<dt>Texted at</dt><dd><time datetime="${String(body['sentAt'])}"`);
    expect(page).toContain(`<dt>Valid until</dt><dd><time datetime="${String(body['expiresAt'])}"`);
    expect(Date.parse(body['sentAt'] as string)).toBeGreaterThanOrEqual(
      Date.parse(body['createdAt'] as string),
    );

    // Nothing is sent now, so the time stays that of the message.
    const again = await person.post('/request-otp', { phoneNumber, channel: 'voice' });
    expect(again.text).toContain(`<dt>Texted at</dt><dd><time datetime="${String(body['sentAt'])}"`);
    expect(messagesTo(phoneNumber)).toEqual(['sms']);
  });

  it('a code from an earlier message is told as such', async () => {
    const { person, phoneNumber, requestId } = await started();
    const older = application.codeFor(phoneNumber);
    await application.advanceProvider(31);
    await person.post('/resend-otp', { requestId });
    const answer = await person.post('/verify-otp', { requestId, otpCode: older });
    expect([answer.status, answer.text]).toEqual([
      422,
      expect.stringContaining(
        'It may be from an earlier message: enter the newest code. You have 2 tries left.',
      ),
    ]);
    const right = await person.post('/verify-otp', { requestId, otpCode: application.codeFor(phoneNumber) });
    expect(titleOf(right.text)).toBe('Phone number verified');
  });

  type Case = [string, (on: Awaited<ReturnType<typeof started>>) => Promise<unknown>];
  const endings: Case[] = [
    ['Your code has expired', ({ requestId }) => expire(requestId)],
    [
      'Too many wrong codes',
      async ({ person, requestId, phoneNumber }) => {
        const otpCode = wrongCode(application.codeFor(phoneNumber));
        for (let i = 0; i < 3; i += 1) await person.post('/verify-otp', { requestId, otpCode });
      },
    ],
    ['Your code was cancelled', ({ person, requestId }) => person.post('/cancel-otp', { requestId })],
    [
      'We couldn’t reach your phone',
      ({ requestId }) =>
        application.sql.query(
          `UPDATE otp_verification_requests SET status = 'FAILED', reason = 'fraud-blocked', ended_at = now() WHERE id = $1`,
          [requestId],
        ),
    ],
  ];
  it.each(endings)('an ended request has a page of its own with the way on: %s', async (title, end) => {
    const request = await started();
    const { person, requestId, phoneNumber, look } = request;
    await end(request);
    const tried = await person.post('/verify-otp', { requestId, otpCode: '000000' });
    for (const page of [await look(), tried.text]) {
      expect([titleOf(page), asksForCode(page)]).toEqual([title, false]);
      expect(page).toContain(
        `Send a new code to <bdi dir="ltr" class="number">+1 ••• ••• ••${phoneNumber.slice(-2)}`,
      );
      expect(page).not.toContain('href="#otpCode"');
    }
    await application.advanceProvider(301);
    await application.sql.query(`UPDATE otp_number_slots SET live_until = NULL, live_request_id = NULL`);
    const next = await person.post('/request-otp', { requestId, channel: 'sms' });
    expect([titleOf(next.text), next.status]).toEqual(['Enter your code', 200]);
    expect(requestIdOf(next)).not.toBe(requestId);
    expect(messagesTo(phoneNumber)).toEqual(['sms', 'sms']);
  });

  it('an unknown request has one too, and starts nothing', async () => {
    const { requestId, phoneNumber } = await started();
    const stranger = new Visitor(application, 'html');
    stranger.cookies.set('otp-caller', 'A'.repeat(22));
    const page = await stranger.get(`/verify-otp?requestId=${randomUUID()}`);
    expect([page.status, titleOf(page.text), asksForCode(page.text)]).toEqual([
      404,
      'We couldn’t find this code',
      false,
    ]);
    const owner = new Visitor(application);
    owner.cookies.set('otp-caller', 'B'.repeat(22));
    const bound = await owner.post('/request-otp', { phoneNumber: freshNumber() });
    const taken = await stranger.post('/request-otp', { requestId: String(bound.body['requestId']) });
    expect([taken.status, titleOf(taken.text)]).toEqual([404, 'We couldn’t find this code']);
    expect((await stranger.post('/request-otp', { requestId: 'x' })).status).toBe(400);
    expect([requestId !== '', messagesTo(phoneNumber)]).toEqual([true, ['sms']]);
  });

  it('an address that was cut off names no code, and claims no message', async () => {
    const person = await new Visitor(application, 'html').signsUp();
    const addresses = [
      '/verify-otp',
      '/verify-otp?requestId=0198',
      '/two-factor/phones/verify?requestId=0198',
    ];
    for (const address of addresses) {
      const { status, text } = await person.get(address);
      expect([address, status, titleOf(text), asksForCode(text)]).toEqual([
        address,
        400,
        'We couldn’t find this code',
        false,
      ]);
      expect(text).toContain('Start again to get a new one.');
      expect(text).not.toContain('We sent you');
    }
  });

  it('has the countdown in every plural of the language, for the script', async () => {
    const { requestId } = await started();
    const page = await new Visitor(application, 'html').get(`/verify-otp?requestId=${requestId}`, {
      'Accept-Language': 'ar',
    });
    await application.sql.query(
      `UPDATE otp_verification_requests SET resend_available_at = now() + interval '30 seconds' WHERE id = $1`,
      [requestId],
    );
    const waiting = await new Visitor(application, 'html').get(`/verify-otp?requestId=${requestId}`, {
      'Accept-Language': 'ar',
    });
    expect(page.text).not.toContain('data-wait-hint');
    const [, forms] = /data-wait-hint data-forms="([^"]+)"/.exec(waiting.text)!;
    expect(JSON.parse(forms!.replaceAll('&quot;', '"'))).toMatchObject({
      one: 'يمكنك طلب رمز جديد بعد ثانية واحدة (1).',
      few: 'يمكنك طلب رمز جديد بعد 3 ثوانٍ.',
      many: 'يمكنك طلب رمز جديد بعد 11 ثانية.',
    });
  });

  it('of a call offers another call; a landline is not texted, which is no error of the code', async () => {
    const person = new Visitor(application, 'html');
    const page = await person.post('/request-otp', { phoneNumber: '+442079460123', channel: 'voice' });
    expect(page.text).toMatch(
      /value="voice"[^>]*>Call me with a new code<[^]*value="sms"[^>]*>Text me a code</,
    );
    expect(page.text).not.toContain('Call me instead');
    await application.advanceProvider(31);
    const texted = await person.post('/resend-otp', { requestId: requestIdOf(page), channel: 'sms' });
    expect(texted.status).toBe(422);
    expect(texted.text).toContain('This is a landline, which cannot receive text messages.');
    expect(texted.text).toContain('Called at');
    expect(texted.text).not.toMatch(/aria-invalid|href="#otpCode"/);
    expect(messagesTo('+442079460123')).toEqual(['voice']);
  });

  it('does not say that a message is being sent while the last attempt is checked', async () => {
    const { person, phoneNumber, requestId, look } = await started();
    const otpCode = wrongCode(application.codeFor(phoneNumber));
    for (let i = 0; i < 2; i += 1) await person.post('/verify-otp', { requestId, otpCode });
    await application.fault({ kind: 'lost-answer', operation: 'check', to: phoneNumber });
    await person.post('/verify-otp', { requestId, otpCode });
    const text = await look();
    expect(asksForCode(text)).toBe(false);
    expect(text).toContain('We’re already checking your code.');
    expect(text).not.toContain('We’re sending your message.');
  });

  it('a failed sign-in is no error of the email address', async () => {
    const answer = await new Visitor(application, 'html').post('/sign-in', {
      email: 'nobody@example.com',
      password: 'not the password',
    });
    expect([answer.status, answer.text]).toEqual([
      401,
      expect.stringContaining('Incorrect email or password.'),
    ]);
    expect(answer.text).not.toContain('aria-invalid');
  });

  describe('of a second factor', () => {
    const waiting = async () => {
      const person = (await (await new Visitor(application, 'html').signsUp()).enrols()).elsewhere();
      await person.signsIn();
      return person;
    };

    it('names the account; Text me and Call me do what they say, or say when it is possible', async () => {
      const person = await waiting();
      const before = messagesTo(person.phoneNumber).length;
      const first = await person.post('/two-factor/challenge', { channel: 'sms' });
      expect(first.text).toContain('<dt>Account</dt>');
      await application.advanceProvider(31);
      const call = await person.post('/two-factor/challenge', { channel: 'voice' });
      expect(call.text).toContain('Called at');
      expect(call.text).toContain('We sent a new code.');
      expect(messagesTo(person.phoneNumber).slice(before)).toEqual(['sms', 'voice']);
      // Twice at once is a double click.
      const twice = await person.post('/two-factor/challenge', { channel: 'voice' });
      expect(twice.text).not.toContain('We sent a new code.');
      expect(messagesTo(person.phoneNumber).slice(before)).toEqual(['sms', 'voice']);
    });

    it('programs that repeat a challenge get the live request, and no message', async () => {
      const person = (await (await new Visitor(application).signsUp()).enrols()).elsewhere();
      await person.signsIn();
      const before = messagesTo(person.phoneNumber).length;
      const first = await person.isChallenged();
      const again = await person.post('/two-factor/challenge', { channel: 'voice' });
      expect([again.body['requestId'], again.body['channel']]).toEqual([first, 'sms']);
      expect(messagesTo(person.phoneNumber).length).toBe(before + 1);
    });

    it('has a page for a code that is over, with the way to a new one and to other factors', async () => {
      const person = await waiting();
      const requestId = await person.isChallenged();
      await expire(requestId);
      const page = await person.get(`/two-factor/challenge/${requestId}?returnTo=/account/payment`);
      expect([titleOf(page.text), asksForCode(page.text)]).toEqual(['Your code has expired', false]);
      expect(page.text).toContain('Try another way');
      expect(page.text).toContain('name="returnTo" value="/account/payment"');
      expect(page.text).toMatch(/name="phoneId" value="[0-9a-f-]{36}"/);
    });

    it('tells that a code did its work when somebody comes back to it', async () => {
      const person = await waiting();
      const requestId = await person.isChallenged();
      expect((await person.types(requestId, person.code)).status).toBe(303);
      const page = await person.get(`/two-factor/challenge/${requestId}`);
      expect([page.status, titleOf(page.text)]).toEqual([200, 'This code has already been used']);
    });
  });

  // Last: passport knows the strategies of one application only, the newest.
  it('limits and outages are notices of the page, not errors of the field', async () => {
    const limited = await startApplication({ THROTTLE_REQUEST: '2/60' });
    try {
      const person = new Visitor(limited, 'html');
      const phoneNumber = freshNumber();
      const requestId = requestIdOf(await person.post('/request-otp', { phoneNumber }));
      const soon = await person.post('/resend-otp', { requestId });
      const otpCode = limited.codeFor(phoneNumber);
      await person.post('/verify-otp', { requestId, otpCode: '1' });
      const throttled = await person.post('/verify-otp', { requestId, otpCode });
      expect([soon.status, throttled.status]).toEqual([429, 429]);
      for (const { text } of [soon, throttled]) {
        expect(text).not.toContain('aria-invalid');
        expect(text).not.toContain('href="#otpCode"');
        expect(text).toContain('role="alert"');
      }
      expect(throttled.text).toMatch(
        /<h2 id="summary-title">Too many attempts<\/h2>\s*<p data-hold="\d+" data-forms="[^"]+" data-counts-from="180">/,
      );
    } finally {
      await limited.close();
    }
  });
});
