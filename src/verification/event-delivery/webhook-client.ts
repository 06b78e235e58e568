import { Agent, request } from 'undici';
import { describeError } from '../../diagnostics/index.js';
import type { VerificationEvent } from '../domain/verification-event.js';
import { secondsOfRetryAfter } from '../provider/retry-after.js';
import type { ResolvedWebhookOptions } from './event-delivery.options.js';
import { eventId, toMessage } from './event-message.js';
import { isPrivateLiteral, lookupPublic, PrivateAddressError } from './public-addresses.js';
import { signedHeaders } from '../../crypto/webhook-signature.js';

/** The result of one try. */
export type DeliveryResult =
  { isDelivered: true } | { isDelivered: false; error: string; retryAfterSeconds: number };

const MAX_ANSWER_BYTES = 64 * 1024;

/** Posts events to the webhook. Follows no redirects, and does not wait longer than the time limit for a whole try. */
export class WebhookClient {
  private readonly agent: Agent;

  constructor(private readonly options: ResolvedWebhookOptions) {
    const { allowPrivateAddresses, timeoutMs } = options;
    this.agent = new Agent({
      connect: { timeout: timeoutMs, ...(allowPrivateAddresses ? {} : { lookup: lookupPublic }) },
      connections: 32,
    });
  }

  /** One try. Never throws. */
  async deliver(event: VerificationEvent): Promise<DeliveryResult> {
    const { url, secrets, timeoutMs, allowPrivateAddresses } = this.options;
    const body = JSON.stringify(toMessage(event));
    try {
      if (!allowPrivateAddresses && isPrivateLiteral(new URL(url).hostname)) throw new PrivateAddressError();
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await request(url, {
        method: 'POST',
        dispatcher: this.agent,
        signal,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'nest-sms-otp',
          ...signedHeaders(secrets, eventId(event), Math.floor(Date.now() / 1000), body),
        },
        body,
      });
      await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal });
      if (answer.statusCode >= 200 && answer.statusCode < 300) return { isDelivered: true };
      const retryAfterSeconds = secondsOfRetryAfter(answer.headers['retry-after']);
      return { isDelivered: false, error: `http ${answer.statusCode}`, retryAfterSeconds };
    } catch (error) {
      return { isDelivered: false, error: reasonOf(error), retryAfterSeconds: 0 };
    }
  }

  /** Whether anything answers at the URL. Posts nothing. @returns why not; null if so */
  async reach(): Promise<string | null> {
    try {
      const signal = AbortSignal.timeout(this.options.timeoutMs);
      const { body } = await request(this.options.url, { method: 'HEAD', dispatcher: this.agent, signal });
      await body.dump();
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Ends its connections. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

/** Never the message, which may quote the URL. */
function reasonOf(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return 'timeout';
  const { code, cause } = describeError(error);
  return cause ?? code ?? 'connection failed';
}
