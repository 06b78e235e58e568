import { wrong } from '../../test/support/sandbox-under-test.js';
import { until } from '../../test/support/until.js';
import { webhooksUnderTest, type WebhooksUnderTest } from '../../test/support/webhooks-under-test.js';

const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('webhooks', () => {
  let t: WebhooksUnderTest;
  beforeEach(async () => {
    t = await webhooksUnderTest();
  });
  afterEach(() => t.close());

  const smsThenVoice = (to: string) => ({
    workflow: [
      { channel: 'sms', to },
      { channel: 'voice', to },
    ],
    channel_timeout: 60,
  });
  const event = (id: string, channel: string, status: string, more: object = {}) => ({
    request_id: id,
    triggered_at: date,
    type: 'event',
    channel,
    status,
    finalized_at: date,
    ...more,
  });
  const summary = (id: string, status: string, workflow: object[], price: string, more: object = {}) => ({
    request_id: id,
    submitted_at: date,
    status,
    type: 'summary',
    channel_timeout: 180,
    workflow,
    price,
    finalized_at: date,
    ...more,
  });

  it('tell a success: the step and the request, with the caller’s reference and the price', async () => {
    const to = t.freshNumber();
    const id = await t.start(to, { client_ref: 'abc123' });
    await t.check(id, t.newest(to).code);
    const ref = { client_ref: 'abc123' };
    expect(await t.told(id)).toEqual([
      event(id, 'sms', 'completed', ref),
      summary(
        id,
        'completed',
        [{ channel: 'sms', initiated_at: date, status: 'completed' }],
        '0.15000000',
        ref,
      ),
    ]);
  });

  it('tell that the codes were wrong too often; steps that never began are unused', async () => {
    const to = t.freshNumber();
    const id = await t.start(to, smsThenVoice(to));
    for (let i = 0; i < 3; i++) await t.check(id, wrong(t.newest(to).code));
    const workflow = [
      { channel: 'sms', initiated_at: date, status: 'failed' },
      { channel: 'voice', status: 'unused' },
    ];
    expect(await t.told(id)).toEqual([
      event(id, 'sms', 'failed'),
      summary(id, 'failed', workflow, '0.05000000', { channel_timeout: 60 }),
    ]);
  });

  it('tell an expiry that a clock skip brings, dated when it was due', async () => {
    const to = t.freshNumber();
    const id = await t.start(to, smsThenVoice(to));
    await t.advance(500);
    const workflow = ['sms', 'voice'].map((channel) => ({ channel, initiated_at: date, status: 'expired' }));
    const bodies = await t.told(id);
    expect(bodies).toEqual([
      event(id, 'sms', 'expired'),
      event(id, 'voice', 'expired'),
      summary(id, 'expired', workflow, '0.13000000', { channel_timeout: 60 }),
    ]);
    expect(Date.parse(bodies[2].finalized_at) - Date.parse(bodies[2].submitted_at)).toBe(120_000);
  });

  it('tell an expiry though nobody asks', async () => {
    const to = t.freshNumber();
    const id = await t.start(to, { channel_timeout: 15 });
    // Nearly to the end: the rest is for the sandbox's own timer to find.
    await t.advance(13.5);
    await until(() => t.receiver.about(id).length === 2);
    expect(t.receiver.about(id)[1]).toMatchObject({ type: 'summary', status: 'expired' });
  });

  it('tell of a step that was left for the next', async () => {
    const to = t.freshNumber();
    const id = await t.start(to, smsThenVoice(to));
    await t.call('POST', `/v2/verify/${id}/next_workflow`);
    await t.check(id, t.newest(to).code);
    expect((await t.told(id)).map(({ type, channel, status }) => [type, channel, status])).toEqual([
      ['event', 'sms', 'expired'],
      ['event', 'voice', 'completed'],
      ['summary', undefined, 'completed'],
    ]);
  });

  it('tell that anti-fraud blocked a number', async () => {
    const id = await t.start('12025550107');
    const blocked = { channel: 'sms', initiated_at: date, status: 'blocked', reason: expect.any(String) };
    expect(await t.told(id)).toEqual([
      event(id, 'sms', 'blocked'),
      summary(id, 'blocked', [blocked], '0.00000000'),
    ]);
  });

  it('tell nothing of a cancelled request, and nothing of v1', async () => {
    const to = t.freshNumber();
    const id = await t.start(to);
    await t.advance(31);
    expect((await t.call('DELETE', `/v2/verify/${id}`)).status).toBe(204);
    const number = t.freshNumber();
    const v1 = await t.v1Start(number);
    await t.v1('check/', { request_id: v1, code: t.newest(number).code });
    await t.told(await t.complete());
    expect(new Set(t.sandbox.webhooks().map(({ requestId }) => requestId)).size).toBe(1);
    expect(t.receiver.received).toHaveLength(2);
  });
});
