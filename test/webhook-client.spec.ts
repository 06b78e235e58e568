import { startWebhookReceiver, type WebhookReceiver } from './support/webhook-receiver.js';
import type { VerificationEvent } from '../src/verification/domain/verification-event.js';
import { WEBHOOK_DEFAULTS } from '../src/verification/event-delivery/event-delivery.options.js';
import { WebhookClient } from '../src/verification/event-delivery/webhook-client.js';

describe('a webhook that asks to be left alone for a while', () => {
  let receiver: WebhookReceiver;
  let client: WebhookClient;
  beforeAll(async () => {
    receiver = await startWebhookReceiver();
    const secrets = [`whsec_${'A'.repeat(43)}=`];
    client = new WebhookClient({
      ...WEBHOOK_DEFAULTS,
      allowPrivateAddresses: true,
      url: receiver.url,
      secrets,
    });
  });
  afterAll(async () => {
    await client.close();
    await receiver.close();
  });

  it.each([
    ['seconds', () => '120', 120],
    ['a date', () => new Date(Date.now() + 3_600_000).toUTCString(), 3600],
    ['a date that is over', () => new Date(Date.now() - 3_600_000).toUTCString(), 0],
    ['more than a day', () => '9999999', 86_400],
    ['nonsense', () => 'soon', 0],
    ['seconds below 0', () => '-5', 0],
  ])('is, when it says so with %s', async (_name, retryAfter, expected) => {
    receiver.answer = (_delivery, response) => response.writeHead(503, { 'retry-after': retryAfter() }).end();
    const event = { requestId: 'r', number: 1, at: new Date(), type: 'sent' } as unknown as VerificationEvent;
    const result = await client.deliver(event);
    expect(result).toMatchObject({ isDelivered: false, error: 'http 503' });
    expect(Math.abs((result as { retryAfterSeconds: number }).retryAfterSeconds - expected)).toBeLessThan(60);
  });
});
