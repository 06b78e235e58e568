import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { VerificationEvent } from '../domain/verification-event.js';
import { StatementRunner } from '../verification.statement-runner.js';
import { AnnouncementWatermark } from './announcement-watermark.js';

/** Every event of the journal; `verification.<type>` brings those of one type. */
export const VERIFICATION_EVENT = 'verification.event';

const EVERY_MS = 250;
/** So often an instance says that it lives, and looks for others that do not. */
const HEARTBEAT_MS = 2000;
const DEAD_AFTER_SECONDS = 15;
const PAGE = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * Tells the host's subscribers (`@OnEvent`) of every change, after its commit and at least once. An instance announces
 * what it has written itself; how far it has come is in the database, so that others announce the rest when it dies,
 * and then some of it twice. Costs the statements of the journal nothing. Needs `EventEmitterModule.forRoot()` in the host.
 */
@Injectable()
export class EventAnnouncer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EventAnnouncer.name);
  private readonly id = randomUUID();
  private readonly watermark = new AnnouncementWatermark();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private heartbeatAt = 0;

  constructor(
    private readonly statements: StatementRunner,
    @Optional() private readonly emitter?: EventEmitter2,
  ) {}

  /** Subscribers are registered by now, in this same phase or before; without any there is nothing to keep track of. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.emitter) return;
    await this.live();
    this.statements.observe(this.watermark);
    this.schedule();
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.emitter) return;
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
    this.statements.observe(null);
    try {
      await this.announceOwn();
      if (this.watermark.isClear) await this.statements.all('announcerEnded', [this.id]);
    } catch {
      // The database is away: another instance, or the next one, announces what is left.
    }
  }

  private get isHeard(): boolean {
    return this.emitter!.eventNames().length > 0 || this.emitter!.listenersAny().length > 0;
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      this.running = this.round()
        .catch((error: unknown) => {
          this.logger.warn({ kind: (error as { code?: string }).code ?? 'error' }, 'events wait');
        })
        .finally(() => {
          if (!this.stopped) this.schedule();
        });
    }, EVERY_MS);
    this.timer.unref();
  }

  private async round(): Promise<void> {
    await this.announceOwn();
    if (Date.now() - this.heartbeatAt < HEARTBEAT_MS) return;
    await this.live();
    this.heartbeatAt = Date.now();
    await this.announceForTheDead();
  }

  private async live(): Promise<void> {
    const row = await this.statements.one<{ at: Date }>('announcerLives', [
      this.id,
      this.watermark.announcedUntil,
    ]);
    this.watermark.itIs(row!.at);
  }

  private async announceOwn(): Promise<void> {
    if (this.watermark.lostSince) await this.announceSince(this.watermark.lostSince);
    for (;;) {
      const batch = this.watermark.take(PAGE);
      if (batch.length === 0) return;
      if (!this.isHeard) {
        this.watermark.announced(batch);
        continue;
      }
      const values = [batch.map(({ id }) => id), batch.map(({ events }) => events)];
      const events = await this.statements.all<VerificationEvent>('findEvents', values);
      if (!(await this.tellAll(events))) return;
      this.watermark.announced(batch);
    }
  }

  private async announceForTheDead(): Promise<void> {
    for (;;) {
      const dead = await this.statements.one<{ id: string; announcedUntil: Date }>('claimDeadAnnouncer', [
        DEAD_AFTER_SECONDS,
        this.id,
      ]);
      if (!dead || !(await this.announceSince(dead.announcedUntil))) return;
      await this.statements.all('announcerEnded', [dead.id]);
    }
  }

  /** Everybody's, for it is not known which are missing. */
  private async announceSince(since: Date): Promise<boolean> {
    let after: [Date, string, number] = [since, BEFORE_ALL, 0];
    for (;;) {
      const events = await this.statements.all<VerificationEvent>('findEventsSince', [...after, PAGE]);
      if (!(await this.tellAll(events))) return false;
      const last = events.at(-1);
      if (!last || events.length < PAGE) break;
      after = [last.at, last.requestId, last.number];
    }
    this.watermark.found(since);
    return true;
  }

  /** @returns false when a subscriber failed: then all of them get this batch again */
  private async tellAll(events: VerificationEvent[]): Promise<boolean> {
    for (const event of events) {
      try {
        await this.emitter!.emitAsync(VERIFICATION_EVENT, event);
        await this.emitter!.emitAsync(`verification.${event.type}`, event);
      } catch (error) {
        const { requestId, type } = event;
        this.logger.warn(
          { requestId, type, error: (error as Error).name },
          'a subscriber failed; it gets it again',
        );
        return false;
      }
    }
    return true;
  }
}
