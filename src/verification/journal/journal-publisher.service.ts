import { Inject, Injectable, Optional } from '@nestjs/common';
import { BackgroundJob } from '../../background/background-job.js';
import { rowsIn } from '../../database/sql.js';
import { describeForeignError, report } from '../../diagnostics/index.js';
import { type Emitter, EVENT_EMITTER } from '../../options/event-emitter.js';
import { MisuseError } from '../../options/misuse-error.js';
import { eventsOf } from './events-of-batch.js';
import { JournalFollower } from './journal-follower.js';
import { type JournalBatch, JournalReader } from './journal-reader.js';

/** The name under which every event of the journal is emitted; `verification.<type>` is emitted for one type. */
export const VERIFICATION_EVENT = 'verification.event';

const EVERY_MS = 330;
const RETRY_MS = 2000;
const BATCH = 100;
/** A subscriber that takes longer has failed: its batch holds a connection and a transaction. */
const SUBSCRIBER_TIMEOUT_MS = 30_000;
/** Lets the transaction of a batch be idle while the subscribers of one event work, and some time more. */
const STAY_OPEN = `SELECT set_config('idle_in_transaction_session_timeout', '${2 * SUBSCRIBER_TIMEOUT_MS + 5000}', true)`;

/**
 * Publishes every event of the journal to the host's subscribers (`@OnEvent`): after its commit, at least once, and in
 * order within a request, even after a crash. Needs `EventEmitterModule.forRoot()` in the host. An instance where nobody
 * subscribes does not read the journal.
 */
@Injectable()
export class JournalPublisher extends BackgroundJob {
  private readonly follower: JournalFollower;

  constructor(
    reader: JournalReader,
    @Optional() @Inject(EVENT_EMITTER) private readonly emitter?: Emitter,
  ) {
    super(emitter ? EVERY_MS : null);
    this.follower = new JournalFollower(reader, 'publish', BATCH);
  }

  protected override begin(): Promise<void> {
    return this.follower.begin();
  }

  /** Subscribers of other events do not count, those of a wildcard do. */
  private get hasSubscribers(): boolean {
    if (!this.emitter) return false;
    const names = this.emitter
      .eventNames()
      .map((name) => (Array.isArray(name) ? name.join('.') : String(name)));
    return names.some((name) => /^verification\.|\*/.test(name)) || this.emitter.listenersAny().length > 0;
  }

  protected async round(): Promise<number | void> {
    try {
      await this.publishAll();
    } catch (error) {
      this.logger.warn(describeForeignError(error), 'events not published, will retry');
      return RETRY_MS;
    }
  }

  private async publishAll(): Promise<void> {
    if (!this.hasSubscribers) return;
    await this.follower.readAll(
      () => this.isStopped,
      (batch) => this.publish(batch),
    );
  }

  private async publish(batch: JournalBatch): Promise<void> {
    const events = await eventsOf(batch);
    for (const event of events) {
      await rowsIn(batch.sql, STAY_OPEN);
      await withTimeout(this.emitter!.emitAsync(VERIFICATION_EVENT, event));
      await withTimeout(this.emitter!.emitAsync(`verification.${event.type}`, event));
    }
    report({ type: 'published', events: events.length });
  }
}

async function withTimeout(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new MisuseError('a subscriber took too long')), SUBSCRIBER_TIMEOUT_MS);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
