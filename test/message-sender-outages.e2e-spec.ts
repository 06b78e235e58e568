import { VerificationReconciler } from '../src/index.js';
import { CodeMessages } from '../src/verification/provider/message-sender/code-messages.repository.js';
import { MessageText } from '../src/verification/provider/message-sender/message-text.js';
import { freshNumber } from './support/application.js';
import { caller, type SendersUnderTest, sendersUnderTest } from './support/senders-under-test.js';

describe('codes of our own, with a gateway that is in trouble', () => {
  let t: SendersUnderTest;
  beforeAll(async () => {
    t = await sendersUnderTest();
  });
  afterAll(() => t?.close());

  const reconcile = () => t.second.app.get(VerificationReconciler).runOnce(0);

  it('are over when the gateway says that the number never gets them', async () => {
    const phoneNumber = freshNumber();
    t.gateway.nextMood({ status: 422 });
    expect(await t.first.service.start({ phoneNumber, caller })).toMatchObject({
      ok: false,
      code: 'destination-rejected',
    });
    // The number is free again.
    expect(await t.first.service.start({ phoneNumber, caller })).toMatchObject({ ok: true });
    expect(t.gateway.to(phoneNumber)).toHaveLength(1);
  });

  it.each(['the answer of the database is lost', 'its text cannot be written'])(
    'do not block the number when %s before the message is sent',
    async (what) => {
      const phoneNumber = freshNumber();
      if (what.startsWith('its text')) {
        jest.spyOn(MessageText.prototype, 'write').mockImplementationOnce(() => {
          throw new Error('no words');
        });
      } else {
        const { claim } = CodeMessages.prototype;
        jest.spyOn(CodeMessages.prototype, 'claim').mockImplementationOnce(async function (
          this: CodeMessages,
          made,
        ) {
          await claim.call(this, made);
          throw new Error('Connection terminated unexpectedly');
        });
      }
      const lost = await t.first.service.start({ phoneNumber, caller });
      expect(lost).toMatchObject({ ok: false, code: 'provider-unavailable' });
      const again = await t.first.service.start({ phoneNumber, caller });
      expect(again).toMatchObject({ ok: true });
      expect(t.gateway.to(phoneNumber)).toHaveLength(1);
    },
  );

  it('wait for a gateway that is busy, and the number is not blocked meanwhile', async () => {
    const phoneNumber = freshNumber();
    t.gateway.nextMood({ status: 429 });
    expect(await t.first.service.start({ phoneNumber, caller })).toMatchObject({
      ok: false,
      code: 'provider-unavailable',
      retryAfterSeconds: 7,
    });
    expect(await t.second.service.start({ phoneNumber, caller })).toMatchObject({ ok: true });
    expect(t.gateway.to(phoneNumber)).toHaveLength(1);
  });

  it.each([
    ['never answers', 'silent'],
    ['answers nonsense after it sent', { status: 500, sends: true }],
  ] as const)(
    'are sent again with the same text and idempotency key when the gateway %s',
    async (_, mood) => {
      const phoneNumber = freshNumber();
      t.gateway.nextMood(mood);
      const start = await t.first.service.start({ phoneNumber, caller });
      expect(start).toMatchObject({ ok: false, code: 'provider-unavailable' });
      expect(await reconcile()).toMatchObject({ recovered: 1 });
      const [lost, retried, ...more] = t.gateway.to(phoneNumber);
      expect(more).toEqual([]);
      expect(retried).toEqual(lost);
      const requestId = (start as { request: { id: string } }).request.id;
      const code = t.gateway.codeFor(phoneNumber);
      expect(await t.first.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
      // The journal says why, and does not repeat an error's message, which may contain the text.
      const { rows } = await t.sql.query<{ status: string }>(
        `SELECT provider_status AS status FROM otp_verification_events WHERE request_id = $1 AND type = 'send-unknown'`,
        [requestId],
      );
      expect(rows.map(({ status }) => status)).toEqual([
        expect.stringMatching(/^fault unknown-outcome (timeout|threw Error)$/),
      ]);
    },
  );

  it('are not sent without end to a gateway that never answers', async () => {
    const phoneNumber = freshNumber();
    const calls = t.gateway.calls();
    for (let i = 0; i < 10; i += 1) t.gateway.nextMood('silent');
    const start = await t.first.service.start({ phoneNumber, caller });
    for (let round = 0; round < 4; round += 1) await reconcile();
    expect(t.gateway.calls() - calls).toBe(2);
    expect(t.gateway.to(phoneNumber)).toHaveLength(2);
    const requestId = (start as { request: { id: string } }).request.id;
    const code = t.gateway.codeFor(phoneNumber);
    expect(await t.first.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
    t.gateway.forgetMoods();
  });

  it('can still be typed while the gateway is down', async () => {
    const protection = { requestsPerSecond: 20, failuresBeforeBreak: 1 };
    const instance = await t.startInstance({ protection });
    const phoneNumber = freshNumber();
    const start = await instance.service.start({ phoneNumber, caller });
    t.gateway.nextMood('away');
    await instance.service.start({ phoneNumber: freshNumber(), caller });
    const calls = t.gateway.calls();
    const refused = await instance.service.start({ phoneNumber: freshNumber(), caller });
    expect(refused).toMatchObject({ ok: false, code: 'provider-unavailable' });
    expect(t.gateway.calls()).toBe(calls);
    const requestId = (start as { request: { id: string } }).request.id;
    const code = t.gateway.codeFor(phoneNumber);
    expect(await instance.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
  });
});
