import { Injectable } from '@nestjs/common';
import { type DeadLetter, type DeliveryBacklog, DeliveryQueue, eventId } from '../../verification/index.js';
import type { Actor } from '../access/administrator.js';
import { AuditLog } from '../audit/audit-log.service.js';
import { type Cursor, type ListPage, PAGE_SIZE, toPage } from '../pagination.js';

/** What administrators do about events that the webhook refused too often. Each act is in the audit. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly queue: DeliveryQueue,
    private readonly audit: AuditLog,
  ) {}

  /** Newest first. */
  async list(cursor: Cursor): Promise<ListPage<DeadLetter>> {
    return toPage(await this.queue.deadLetters(PAGE_SIZE + 1, cursor), cursor);
  }

  /** How much waits, and how much was given up. */
  backlog(): Promise<DeliveryBacklog> {
    return this.queue.backlog();
  }

  /** Delivers one of them again, or all. @returns the ids of the events; null when there is none */
  retry(actor: Actor, id: string | null, reason: string): Promise<string[] | null> {
    return this.audit.with(
      (events) => ({
        actor,
        action: 'dead-letter.retried',
        ...(id === null ? {} : { target: events[0]! }),
        reason,
        details: { events: events.length },
      }),
      async (sql) => {
        const events = await this.queue.retry(sql, id);
        return events.length > 0 ? events.map(eventId) : null;
      },
    );
  }

  /** Deletes one of them. @returns the id of the event; null when there is none */
  discard(actor: Actor, id: string, reason: string): Promise<string | null> {
    return this.audit.with(
      (event) => ({ actor, action: 'dead-letter.discarded', target: event, reason }),
      async (sql) => {
        const event = await this.queue.discard(sql, id);
        return event && eventId(event);
      },
    );
  }
}
