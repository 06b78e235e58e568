import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { SandboxClock } from './clock.js';
import type { RequestBook } from './request-book.js';
import type { ProviderRequest } from './verification-request.js';
import { eventBody, summaryBody, type WebhookBody } from './webhook-bodies.js';
import { WebhookCourier, type WebhookDelivery } from './webhook-courier.js';

/** The body of `POST /webhooks`. */
export const targetSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2000),
  /** The account's signature secret. */
  secret: z.string().min(1).max(1000),
  /** Sends each notification twice; defaults to false. */
  duplicate: z.boolean().optional(),
  /** Delays each notification by up to half a second, so that they arrive in any order; defaults to false. */
  shuffle: z.boolean().optional(),
});

/** Where v2's webhooks go, as set in Vonage's dashboard. */
export type WebhookTarget = z.infer<typeof targetSchema>;

const MAX_DELIVERIES = 1000;
const MAX_SHUFFLE_MS = 500;
const SETTLE_EVERY_MS = 250;

/**
 * Notifies the receiver how steps and requests of v2 end. Vonage only does so for requests that were started with an
 * application's token; the sandbox does so for all.
 */
export class Webhooks {
  private target: WebhookTarget | null = null;
  private kept: { delivery: WebhookDelivery; apiKey: string }[] = [];
  private count = 0;
  private readonly courier: WebhookCourier;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly requests: RequestBook,
    clock: SandboxClock,
  ) {
    this.courier = new WebhookCourier(clock, () => this.target);
    requests.on('started', () => this.watchExpiry());
    requests.on('stepEnded', (request, step) => this.notify(request, eventBody(request, step)));
    requests.on('ended', (request) => this.notify(request, summaryBody(request)));
  }

  /**
   * Sends all further webhooks and retries to this target; null stops them and drops what is pending.
   * @throws ZodError if the target is not valid
   */
  sendTo(target: WebhookTarget | null): void {
    this.target = target && targetSchema.parse(target);
    if (!target) this.courier.drop();
    this.watchExpiry();
  }

  /** The last 1000 notifications, oldest first. */
  list(): WebhookDelivery[] {
    return this.kept.map(({ delivery }) => structuredClone(delivery));
  }

  /**
   * Sends a notification again: the same body with a new signature.
   * @returns undefined if there is no notification with this id
   */
  replay(id: string, times: number): WebhookDelivery | undefined {
    const known = this.kept.find(({ delivery }) => delivery.id === id);
    if (!known) return undefined;
    this.send(known.delivery, known.apiKey, times);
    return structuredClone(known.delivery);
  }

  get hasTarget(): boolean {
    return this.target !== null;
  }

  /** Call it after the clock was moved forward. */
  catchUp(): void {
    this.courier.catchUp();
  }

  /** Forgets all notifications and drops the pending ones. The target stays. */
  clear(): void {
    this.courier.drop();
    this.kept = [];
    this.watchExpiry();
  }

  private notify({ plan }: ProviderRequest, body: WebhookBody | undefined): void {
    if (plan.api !== 'v2' || !this.target || !body) return;
    const delivery: WebhookDelivery = {
      id: String(++this.count),
      requestId: body.request_id,
      type: body.type,
      status: body.status,
      state: 'pending',
      attempts: 0,
      lastAnswer: null,
      body,
    };
    this.kept.push({ delivery, apiKey: plan.accountId });
    if (this.kept.length > MAX_DELIVERIES) this.kept.shift();
    this.send(delivery, plan.accountId, this.target.duplicate ? 2 : 1);
  }

  private send(delivery: WebhookDelivery, apiKey: string, times: number): void {
    for (let i = 0; i < times; i++) {
      const delayMs = this.target?.shuffle ? randomInt(MAX_SHUFFLE_MS + 1) : 0;
      void this.courier.deliver(delivery, apiKey, delayMs);
    }
  }

  /** Requests only expire when somebody looks at them, so a timer looks while any of v2 is in progress. */
  private watchExpiry(): void {
    if (this.target !== null && this.requests.hasLive('v2')) {
      this.timer ??= setInterval(() => {
        this.requests.settleAll();
        this.watchExpiry();
      }, SETTLE_EVERY_MS).unref();
    } else {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }
}
