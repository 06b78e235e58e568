import { Inject, Injectable } from '@nestjs/common';
import { BackgroundJob } from '../../background/background-job.js';
import { describeFailure, report } from '../../diagnostics/index.js';
import { JournalFollower } from '../journal/journal-follower.js';
import { JournalReader } from '../journal/journal-reader.js';
import { eventsOf } from '../journal/events-of-batch.js';
import { VERIFICATION_OPTIONS, type ResolvedVerificationOptions } from '../verification.options.js';
import { type ClaimedDelivery, DeliveryQueue } from './delivery-queue.js';
import type { ResolvedWebhookOptions } from './event-delivery.options.js';
import { WebhookClient } from './webhook-client.js';

const EVERY_MS = 500;
const RETRY_MS = 2000;
const BATCH = 200;
/** Tries at the same time. */
const PARALLEL = 16;
/** What a try may take beyond its time limit: the statement after it. */
const LEASE_MARGIN_SECONDS = 5;
/** While nothing gets through, one event is tried at a time, and the pauses grow up to this. */
const LONGEST_PAUSE_MS = 5000;

/**
 * Delivers every event of the journal to the webhook: at least once, and in order within a request. All instances share
 * the queue, and each event is delivered by one of them at a time.
 */
@Injectable()
export class WebhookDelivery extends BackgroundJob {
  private readonly options: ResolvedWebhookOptions | null;
  private readonly client: WebhookClient | null;
  private readonly follower: JournalFollower;
  /** Tries in a row that failed, of different events. */
  private failuresInARow = 0;

  constructor(
    reader: JournalReader,
    private readonly queue: DeliveryQueue,
    @Inject(VERIFICATION_OPTIONS) { events }: ResolvedVerificationOptions,
  ) {
    super(events.webhook && EVERY_MS);
    this.options = events.webhook;
    this.follower = new JournalFollower(reader, 'deliver', BATCH);
    this.client = this.options && new WebhookClient(this.options);
  }

  protected override begin(): Promise<void> {
    return this.follower.begin();
  }

  override async beforeApplicationShutdown(): Promise<void> {
    await super.beforeApplicationShutdown();
    await this.client?.close();
  }

  protected async round(): Promise<number | void> {
    try {
      await this.queueAll();
      await this.deliverAll();
    } catch (error) {
      this.logger.warn(describeFailure(error), 'events not delivered, will retry');
      return RETRY_MS;
    }
    if (this.failuresInARow === 0) return undefined;
    const pause = Math.min(EVERY_MS * 2 ** this.failuresInARow, LONGEST_PAUSE_MS);
    return pause * (0.5 + Math.random());
  }

  private queueAll(): Promise<void> {
    return this.follower.readAll(
      () => this.isStopped,
      async (batch) => this.queue.add(batch.sql, await eventsOf(batch)),
    );
  }

  /** Until nothing is due, or nothing gets through any more. */
  private async deliverAll(): Promise<void> {
    const leaseSeconds = this.options!.timeoutMs / 1000 + LEASE_MARGIN_SECONDS;
    while (!this.isStopped) {
      const claimed = await this.queue.claim(this.failuresInARow > 0 ? 1 : PARALLEL, leaseSeconds);
      if (claimed.length === 0) return;
      const delivered = await Promise.all(claimed.map((each) => this.deliver(each)));
      if (!delivered.includes(true)) {
        this.failuresInARow += 1;
        return;
      }
      this.failuresInARow = 0;
    }
  }

  /** @returns whether the webhook has confirmed it */
  private async deliver(claimed: ClaimedDelivery): Promise<boolean> {
    const { event, tries } = claimed;
    if (!event) {
      await this.queue.remove(claimed);
      return true;
    }
    const startedAt = performance.now();
    const result = await this.client!.deliver(event);
    const waits = this.options!.retrySeconds;
    const wait = waits[tries - 1];
    const outcome = result.isDelivered ? 'delivered' : wait === undefined ? 'dead' : 'failed';
    report({ type: 'webhook', outcome, seconds: (performance.now() - startedAt) / 1000 });
    if (result.isDelivered) {
      await this.queue.remove(claimed);
      return true;
    }
    const { requestId, number } = event;
    const details = { verificationId: requestId, number, tries, error: result.error };
    if (wait === undefined) this.logger.error(details, 'event not delivered, it is a dead letter now');
    else this.logger.warn(details, 'event not delivered, will retry');
    const waitSeconds =
      wait === undefined ? null : Math.max(wait * (0.8 + Math.random() * 0.4), result.retryAfterSeconds);
    await this.queue.putBack(claimed, result.error, waitSeconds);
    return false;
  }
}
