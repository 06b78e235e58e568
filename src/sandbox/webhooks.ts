import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { SandboxClock } from './clock.js';
import type { RequestBook } from './request-book.js';
import type { ProviderRequest } from './verification-request.js';
import { eventBody, summaryBody } from './webhook-bodies.js';
import { WebhookCourier, type WebhookDelivery } from './webhook-courier.js';

/** Where v2's webhooks go, as in Vonage's dashboard. */
export interface WebhookTarget {
  url: string;
  /** The account's signature secret. */
  secret: string;
  /** Each notification goes out twice. */
  duplicate?: boolean;
  /** Each notification is held back up to half a second, so that they arrive in any order. */
  shuffle?: boolean;
}

/** Also the body of `POST /webhooks`. */
export const targetSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2000),
  secret: z.string().min(1).max(1000),
  duplicate: z.boolean().optional(),
  shuffle: z.boolean().optional(),
});

const MAX_DELIVERIES = 1000;
const MAX_SHUFFLE_MS = 500;
const SETTLE_MS = 250;

/**
 * Tells the receiver how v2's steps and requests end. Vonage does so only for requests that an application's token
 * started; here all are told.
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
    requests.on('started', () => this.watch());
    requests.on('stepEnded', (request, step) => this.notify(request, eventBody(request, step)));
    requests.on('ended', (request) => this.notify(request, summaryBody(request)));
  }

  /**
   * From now on; null stops it and drops what is pending. To another target go the retries too.
   * @throws ZodError if it is no such target
   */
  sendTo(target: WebhookTarget | null): void {
    this.target = target && targetSchema.parse(target);
    if (!target) this.courier.drop();
    this.watch();
  }

  /** The last 1000 notifications, oldest first. */
  list(): WebhookDelivery[] {
    return this.kept.map(({ delivery }) => structuredClone(delivery));
  }

  /**
   * Sends a notification again, whatever became of it: the same body, signed anew.
   * @returns undefined if it is not known
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

  /** After time was skipped. */
  catchUp(): void {
    this.courier.catchUp();
  }

  /** Forgets what was sent and drops what is pending; the target stays. */
  clear(): void {
    this.courier.drop();
    this.kept = [];
    this.watch();
  }

  close(): void {
    this.sendTo(null);
  }

  private notify({ plan }: ProviderRequest, body: WebhookDelivery['body'] | undefined): void {
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
      const afterMs = this.target?.shuffle ? randomInt(MAX_SHUFFLE_MS + 1) : 0;
      void this.courier.carry(delivery, apiKey, afterMs);
    }
  }

  /** The book expires requests only when somebody looks, so while some could expire somebody must. */
  private watch(): void {
    const needed = this.target !== null && this.requests.hasLive('v2');
    if (needed) {
      this.timer ??= setInterval(() => this.look(), SETTLE_MS).unref();
    } else {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  private look(): void {
    this.requests.settleAll();
    this.watch();
  }
}
