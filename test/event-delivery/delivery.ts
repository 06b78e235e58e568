import { randomBytes } from 'node:crypto';
import { program } from '../admin/administrator.js';
import { startApplication } from '../support/application.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

export const secret = () => `whsec_${randomBytes(32).toString('base64')}`;
export const [NEW_SECRET, OLD_SECRET] = [secret(), secret()];
/** Pauses grow while nothing gets through. */
export const PATIENCE = { withinMs: 120_000 };
export const REASON = { reason: 'the receiver is mended' };

export const numbersOf = (receiver: WebhookReceiver, requestId: string) =>
  receiver.of(requestId).map(({ message }) => message.data.number);

/** An application that sends its events to a receiver. */
export async function deliveryUnderTest(more: Record<string, string> = {}) {
  const receiver = await startWebhookReceiver();
  const env = {
    WEBHOOKS_URL: receiver.url,
    WEBHOOKS_SECRETS: `${NEW_SECRET},${OLD_SECRET}`,
    WEBHOOKS_PRIVATE_ADDRESSES: 'allow',
    WEBHOOKS_TIMEOUT_MS: '5000',
    WEBHOOKS_RETRY_SECONDS: '1',
    ...more,
  };
  const application = await startApplication(env);
  const admin = await program(application);
  const deadLetters = async () => (await admin.get('/admin/dead-letters')).body;
  return {
    receiver,
    env,
    application,
    admin,
    verified: async () => {
      const started = await application.started();
      await application.client.json('POST', '/verify-otp', {
        requestId: started.requestId,
        otpCode: started.code,
      });
      return started;
    },
    waiting: async () => (await deadLetters())['waiting'] as number,
    letters: async () => (await deadLetters())['items'] as Record<string, unknown>[],
    /** Whether the receiver has got all four events of a verification, however often each came. */
    whole: (requestId: string) => new Set(numbersOf(receiver, requestId)).size === 4,
    /** Lets the receiver confirm everything again. */
    mend: () => {
      receiver.answer = (_delivery, response) => response.writeHead(204).end();
    },
    close: async () => {
      await application.close();
      await receiver.close();
    },
  };
}
export type DeliveryUnderTest = Awaited<ReturnType<typeof deliveryUnderTest>>;
