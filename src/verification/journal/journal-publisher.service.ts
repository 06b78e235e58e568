import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';
import { BackgroundWork } from '../../background/background-work.js';
import { describeFailure, report } from '../../diagnostics/index.js';
import { rowsIn } from '../../database/sql.js';
import { type Emitter, EVENT_EMITTER } from '../../options/event-emitter.js';
import type { VerificationEvent } from '../domain/verification-event.js';
import { type JournalBatch, JournalReader } from './journal-reader.js';
import { VERIFICATION_JOURNAL } from './journal-source.js';

/** The name under which every event of the journal is emitted; `verification.<type>` is emitted for one type. */
export const VERIFICATION_EVENT = 'verification.event';

const EVERY_MS = 330;
const RETRY_MS = 2000;
const BATCH = 100;
/** A subscriber that takes longer has failed: its batch holds a connection and a transaction. */
const SUBSCRIBER_TIMEOUT_MS = 30_000;

/**
 * Publishes every event of the journal to the host's subscribers (`@OnEvent`): after its commit, at least once, and in
 * order within a request, even after a crash. Needs `EventEmitterModule.forRoot()` in the host. An instance where nobody
 * subscribes does not read the journal.
 */
@Injectable()
export class JournalPublisher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(JournalPublisher.name);
  private readonly work = new BackgroundWork(this.logger, EVERY_MS, () => this.round());
  /** Where the first subscriber ever begins: what happened before this instance is not news. */
  private startedAt = '0';
  private hasCursor = false;

  constructor(
    private readonly reader: JournalReader,
    @Optional() @Inject(EVENT_EMITTER) private readonly emitter?: Emitter,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.emitter) return;
    this.startedAt = await this.reader.position();
    this.work.start();
  }

  /** Before the connections to the database are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.work.stop();
  }

  /** Subscribers of other events do not count, those of a wildcard do. */
  private get hasSubscribers(): boolean {
    if (!this.emitter) return false;
    const names = this.emitter
      .eventNames()
      .map((name) => (Array.isArray(name) ? name.join('.') : String(name)));
    return names.some((name) => /^verification\.|\*/.test(name)) || this.emitter.listenersAny().length > 0;
  }

  private async round(): Promise<number | void> {
    try {
      await this.publishAll();
    } catch (error) {
      this.logger.warn(describeFailure(error), 'events not published, will retry');
      return RETRY_MS;
    }
  }

  private async publishAll(): Promise<void> {
    if (!this.hasSubscribers) return;
    if (!this.hasCursor) {
      await this.reader.beginAfter(VERIFICATION_JOURNAL, 'publish', this.startedAt);
      this.hasCursor = true;
    }
    const publish = (batch: JournalBatch) => this.publish(batch);
    while (
      !this.work.isStopped &&
      (await this.reader.readBatch(VERIFICATION_JOURNAL, 'publish', BATCH, publish))
    );
  }

  private async publish({ sql, after, until }: JournalBatch): Promise<void> {
    const events = await rowsIn<VerificationEvent>(sql, EVENTS_BETWEEN, [after, until]);
    for (const event of events) {
      await withTimeout(this.emitter!.emitAsync(VERIFICATION_EVENT, event));
      await withTimeout(this.emitter!.emitAsync(`verification.${event.type}`, event));
    }
    report({ type: 'published', events: events.length });
  }
}

async function withTimeout(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('a subscriber took too long')), SUBSCRIBER_TIMEOUT_MS);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The events of a batch. A transaction may take its id, then wait for another one of the same request and a higher id to
 * write the event before its own: `earlier` has those, so that no event comes before its predecessor.
 */
const EVENTS_BETWEEN = `
  WITH batch AS (
    SELECT * FROM otp_verification_events WHERE xid > $1::bigint AND xid <= $2::bigint),
  earlier AS (
    SELECT e.*
      FROM (SELECT request_id, max(number) AS number FROM batch GROUP BY request_id) AS last
      JOIN otp_verification_events e ON e.request_id = last.request_id AND e.number < last.number
     WHERE e.xid > $2::bigint)
  SELECT e.request_id AS "requestId", e.number, e.at, e.type, e.from_status AS "from", e.to_status AS "to", e.reason,
         e.actor, e.provider_status AS "providerStatus", e.price, e.currency, r.purpose, r.user_id AS "userId"
    FROM (TABLE batch UNION ALL TABLE earlier) AS e
    JOIN otp_verification_requests r ON r.id = e.request_id
   ORDER BY e.request_id, e.number`;
