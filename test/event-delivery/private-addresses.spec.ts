import type { VerificationEvent } from '../../src/index.js';
import { resolveEventDelivery } from '../../src/verification/event-delivery/event-delivery.options.js';
import { WebhookClient } from '../../src/verification/event-delivery/webhook-client.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';
import { NEW_SECRET } from './delivery.js';

const EVENT: VerificationEvent = {
  requestId: '01890000-0000-7000-8000-000000000000',
  number: 1,
  at: new Date(),
  type: 'started',
  from: null,
  to: 'SENDING',
  reason: null,
  actor: 'caller',
  providerStatus: null,
  price: null,
  currency: null,
  purpose: 'phone-verification',
  userId: null,
};

describe('a webhook without WEBHOOKS_PRIVATE_ADDRESSES', () => {
  it.each([
    'https://127.0.0.1/events',
    'https://[::1]/events',
    'https://[::ffff:10.0.0.5]/events',
    'https://0x7f.1/events',
    'https://169.254.169.254/latest/meta-data',
    'https://[fd00::1]/events',
    'https://[64:ff9b::a00:5]/events',
    'https://100.64.0.1/events',
    'https://0.0.0.0/events',
    'http://example.com/events',
  ])('cannot lead to %s', (url) => {
    expect(() => resolveEventDelivery({ webhook: { url, secrets: [NEW_SECRET] } })).toThrow(
      /allowPrivateAddresses/,
    );
  });

  it('reaches no private address by a name either, which is looked up when connecting', async () => {
    const receiver = await startWebhookReceiver();
    const url = receiver.url.replace('127.0.0.1', 'localhost');
    const { webhook } = resolveEventDelivery({
      webhook: { url, secrets: [NEW_SECRET], allowPrivateAddresses: true },
    });
    const deliver = async (allowPrivateAddresses: boolean) => {
      const client = new WebhookClient({ ...webhook!, allowPrivateAddresses });
      const result = await client.deliver(EVENT);
      await client.close();
      return result;
    };
    try {
      expect(await deliver(false)).toMatchObject({ isDelivered: false, error: 'private-address' });
      expect(receiver.deliveries).toEqual([]);
      expect(await deliver(true)).toEqual({ isDelivered: true });
    } finally {
      await receiver.close();
    }
  });
});
