import { Agent, request } from 'undici';
import type { SandboxClock } from './clock.js';
import type { EventBody, SummaryBody } from './webhook-bodies.js';
import { signWebhook } from './webhook-signature.js';

const TIMEOUT_MS = 5000;
const MAX_TRIES = 10;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 10_000;

/** One notification and what became of it. */
export interface WebhookDelivery {
  id: string;
  requestId: string;
  type: 'event' | 'summary';
  /** As in the body: how the step or the request ended. */
  status: string;
  /** Delivered as soon as one attempt was answered with 2xx; failed after the last try; dropped by reset or close. */
  state: 'pending' | 'delivered' | 'failed' | 'dropped';
  /** All of them: also those of duplicates and replays. */
  attempts: number;
  /** HTTP status or what went wrong; null before the first answer. */
  lastAnswer: number | string | null;
  body: EventBody | SummaryBody;
}

/** Where to and with which signature. Asked for at each attempt: a receiver that moved gets the retries too. */
export interface Address {
  url: string;
  secret: string;
}

/** Carries notifications to the receiver: retries each by itself until it is answered with 2xx. */
export class WebhookCourier {
  private readonly waits = new Set<{ dueAt: number; end: () => void }>();
  private agent = newAgent();

  constructor(
    private readonly clock: SandboxClock,
    private readonly address: () => Address | null,
  ) {}

  /** @param afterMs before the first attempt */
  async carry(delivery: WebhookDelivery, apiKey: string, afterMs = 0): Promise<void> {
    const { agent } = this;
    if (delivery.state !== 'delivered') delivery.state = 'pending';
    let waitMs = afterMs;
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      if (waitMs > 0) await this.wait(waitMs);
      if (this.agent !== agent) break;
      delivery.attempts++;
      const answer = await this.attempt(agent, JSON.stringify(delivery.body), apiKey);
      if (this.agent !== agent) break;
      delivery.lastAnswer = answer;
      if (isSuccess(answer)) {
        delivery.state = 'delivered';
        return;
      }
      waitMs = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), MAX_WAIT_MS);
    }
    if (delivery.state === 'pending') delivery.state = this.agent === agent ? 'failed' : 'dropped';
  }

  /** After time was skipped: what is due now goes out now. */
  catchUp(): void {
    const now = this.clock.now();
    for (const { dueAt, end } of this.waits) if (dueAt <= now) end();
  }

  /** Gives up everything pending, and cuts the connections. */
  drop(): void {
    void this.agent.destroy();
    this.agent = newAgent();
    for (const { end } of this.waits) end();
  }

  /** @returns HTTP status, or a code or text of the error */
  private async attempt(agent: Agent, body: string, apiKey: string): Promise<number | string> {
    const address = this.address();
    if (!address) return 'no target';
    try {
      const answer = await request(address.url, {
        method: 'POST',
        dispatcher: agent,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${signWebhook(body, address.secret, apiKey)}`,
        },
        body,
      });
      await answer.body.dump().catch(() => undefined);
      return answer.statusCode;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      return code ?? message;
    }
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const entry = {
        dueAt: this.clock.now() + ms,
        end: () => {
          clearTimeout(timer);
          this.waits.delete(entry);
          resolve();
        },
      };
      const timer = setTimeout(entry.end, ms).unref();
      this.waits.add(entry);
    });
  }
}

const newAgent = () =>
  new Agent({ connectTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
const isSuccess = (answer: number | string) => typeof answer === 'number' && answer >= 200 && answer < 300;
