import { createHash, createHmac, randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import type { SandboxClock } from './clock.js';
import type { WebhookBody } from './webhook-bodies.js';

const TIMEOUT_MS = 5000;
const MAX_TRIES = 10;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 10_000;

/** One notification and the result of its delivery. */
export interface WebhookDelivery {
  id: string;
  requestId: string;
  type: 'event' | 'summary';
  /** How the step or the request ended, as in the body. */
  status: string;
  /** `delivered` after the first 2xx answer, `failed` after the last try, `dropped` by a reset or on close. */
  state: 'pending' | 'delivered' | 'failed' | 'dropped';
  /** Includes the attempts of duplicates and replays. */
  attempts: number;
  /** The HTTP status, or the error of the connection; null before the first answer. */
  lastAnswer: number | string | null;
  body: WebhookBody;
}

/** Delivers notifications: each is retried on its own until the response is 2xx. */
export class WebhookCourier {
  private readonly waits = new Set<{ dueAt: number; end: () => void }>();
  private agent = newAgent();

  /** @param target read before each attempt, so that retries go to the current receiver */
  constructor(
    private readonly clock: SandboxClock,
    private readonly target: () => { url: string; secret: string } | null,
  ) {}

  /** @param delayMs before the first attempt */
  async deliver(delivery: WebhookDelivery, apiKey: string, delayMs = 0): Promise<void> {
    // drop() replaces the agent, which tells the deliveries under way that they were dropped.
    const { agent } = this;
    if (delivery.state !== 'delivered') delivery.state = 'pending';
    let waitMs = delayMs;
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      if (waitMs > 0) await this.wait(waitMs);
      if (this.agent !== agent) break;
      delivery.attempts++;
      const answer = await this.attempt(agent, JSON.stringify(delivery.body), apiKey);
      if (this.agent !== agent) break;
      delivery.lastAnswer = answer;
      if (typeof answer === 'number' && answer >= 200 && answer < 300) {
        delivery.state = 'delivered';
        return;
      }
      waitMs = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), MAX_WAIT_MS);
    }
    if (delivery.state === 'pending') delivery.state = this.agent === agent ? 'failed' : 'dropped';
  }

  /** Starts the retries that are due after the clock was moved forward. */
  catchUp(): void {
    const now = this.clock.now();
    for (const { dueAt, end } of this.waits) if (dueAt <= now) end();
  }

  /** Drops all pending deliveries and closes their connections. */
  drop(): void {
    void this.agent.destroy();
    this.agent = newAgent();
    for (const { end } of this.waits) end();
  }

  /** @returns the HTTP status, or the code or the message of the error */
  private async attempt(agent: Agent, body: string, apiKey: string): Promise<number | string> {
    const target = this.target();
    if (!target) return 'no target';
    try {
      const answer = await request(target.url, {
        method: 'POST',
        dispatcher: agent,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${signedToken(body, target.secret, apiKey)}`,
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

/**
 * The token of a webhook's Authorization header: HS256 with the account's signature secret.
 *
 * Every attempt gets a new token, so a retry has another `jti` and `iat` over the same body: Vonage's guide says that
 * callbacks sent unsigned are signed when they are retried. `iat` ignores skipped time, because the receiver compares it
 * with its own clock.
 */
function signedToken(body: string, secret: string, apiKey: string): string {
  const claims = {
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    iss: 'Vonage',
    payload_hash: createHash('sha256').update(body).digest('hex'),
    api_key: apiKey,
  };
  const [header, payload] = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
  return `${header}.${payload}.${signature}`;
}
