import { freshNumber } from './support/application.js';
import { caller, message, type SendersUnderTest, sendersUnderTest } from './support/senders-under-test.js';

describe('messages with codes of our own', () => {
  let t: SendersUnderTest;
  beforeAll(async () => {
    t = await sendersUnderTest();
  });
  afterAll(() => t?.close());

  it('end with the line that phones fill in by themselves', async () => {
    const { service } = await t.startInstance({
      message: {
        ...message,
        domain: 'shop.example',
      },
    });
    const phoneNumber = freshNumber();
    await service.start({ phoneNumber, caller });
    const code = t.gateway.codeFor(phoneNumber);
    expect(t.gateway.to(phoneNumber)[0]!.text.split('\n').at(-1)).toBe(`@shop.example #${code}`);
  });

  it('have the words of the application, if it writes them', async () => {
    const { service } = await t.startInstance({
      message: {
        ...message,
        locales: ['en', 'de'],
        text: ({ code, brand, locale, minutes }: Record<string, unknown>) =>
          [code, brand, locale, minutes].join('|'),
      },
    });
    const phoneNumber = freshNumber();
    await service.start({ phoneNumber, caller, locale: 'de-AT' });
    expect(t.gateway.to(phoneNumber)[0]!.text).toMatch(/^\d{6}\|ACME\|de\|5$/);
  });

  it('go by call only if the gateway can call', async () => {
    const phoneNumber = freshNumber();
    const calls = t.gateway.calls();
    expect(await t.first.service.start({ phoneNumber, caller, channel: 'voice' })).toMatchObject({
      ok: false,
      code: 'destination-rejected',
    });
    const start = await t.first.service.start({ phoneNumber, caller });
    const requestId = (start as { request: { id: string } }).request.id;
    await t.advance(31);
    expect(await t.first.service.resend({ requestId, caller, channel: 'voice' })).toMatchObject({
      ok: false,
      code: 'destination-rejected',
    });
    expect(t.gateway.calls() - calls).toBe(1);
    const code = t.gateway.codeFor(phoneNumber);
    expect(await t.first.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
    const page = await fetch(`${await t.first.app.getUrl()}/request-otp`, {
      method: 'POST',
      headers: { 'User-Agent': 'a test' },
      body: new URLSearchParams({ phoneNumber: freshNumber() }),
    });
    const html = await page.text();
    expect(html).toContain('value="sms"');
    expect(html).not.toContain('value="voice"');
  });
});
