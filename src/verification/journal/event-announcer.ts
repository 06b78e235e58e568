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

/** Every event of the journal; `verification.<type>` brings those of one type. */
export const VERIFICATION_EVENT = 'verification.event';

const EVERY_MS = 250;
const AT_ONCE = 200;
/** A subscriber that takes longer than this gets the event again. */
const LEASE_SECONDS = 30;

/**
 * Tells the host's subscribers (`@OnEvent`) of every change, after its commit and at least once: what is not announced
 * when an instance dies is announced by another. Needs `EventEmitterModule.forRoot()` in the host; without it nothing
 * is kept for announcing.
 */
@Injectable()
export class EventAnnouncer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EventAnnouncer.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly statements: StatementRunner,
    @Optional() private readonly emitter?: EventEmitter2,
  ) {}

  onApplicationBootstrap(): void {
    if (this.emitter) this.schedule();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** @returns how many events were announced */
  async announce(): Promise<number> {
    const events = await this.statements.all<VerificationEvent>('takeOutbox', [LEASE_SECONDS, AT_ONCE]);
    const done: VerificationEvent[] = [];
    for (const event of events) if (await this.tell(event)) done.push(event);
    if (done.length > 0) {
      await this.statements.all('clearOutbox', [
        done.map(({ requestId }) => requestId),
        done.map(({ number }) => number),
      ]);
    }
    return done.length;
  }

  private async tell(event: VerificationEvent): Promise<boolean> {
    try {
      await this.emitter!.emitAsync(VERIFICATION_EVENT, event);
      await this.emitter!.emitAsync(`verification.${event.type}`, event);
      return true;
    } catch (error) {
      const { requestId, type } = event;
      this.logger.warn(
        { requestId, type, error: (error as Error).name },
        'a subscriber failed; it gets the event again',
      );
      return false;
    }
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      this.running = this.round();
    }, EVERY_MS);
    this.timer.unref();
  }

  private async round(): Promise<void> {
    try {
      while (!this.stopped && (await this.announce()) === AT_ONCE);
    } catch (error) {
      this.logger.warn(
        { kind: (error as { code?: string }).code ?? 'error' },
        'events wait for the database',
      );
    }
    if (!this.stopped) this.schedule();
  }
}
