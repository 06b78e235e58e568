import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { describeForeignError } from '../../diagnostics/index.js';
import { type Emitter, EVENT_EMITTER } from '../../options/event-emitter.js';
import { TWO_FACTOR_EVENTS, type TwoFactorEvent } from '../two-factor.events.js';
import { LogNotifier, type TwoFactorNotice } from '../two-factor.notifier.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';

/**
 * Stamps notices with the time, hands them to the notifier, and emits them with what else happens as events. An event is
 * emitted once, after the change, by the instance that made it.
 */
@Injectable()
export class Notices {
  private readonly log = new LogNotifier();
  private readonly logger = new Logger('TwoFactor');

  constructor(
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
    @Optional() @Inject(EVENT_EMITTER) private readonly emitter?: Emitter,
  ) {}

  /** What it tells of has happened, and its answer may have new codes or a new token. So a failure is logged. */
  async send(userId: string, notice: Omit<TwoFactorNotice, 'at'>): Promise<void> {
    this.emit({ userId, ...notice });
    try {
      await (this.options.notifier ?? this.log).notify(userId, { ...notice, at: new Date() });
    } catch (error) {
      this.logger.error({ type: notice.type, ...describeForeignError(error) }, 'notifier failed');
    }
  }

  /** Tells subscribers of the application. They cannot undo what has happened, so their errors are logged. */
  emit(given: Omit<TwoFactorEvent, 'at'>): void {
    if (!this.emitter) return;
    const event: TwoFactorEvent = { ...given, at: new Date() };
    for (const name of [TWO_FACTOR_EVENTS.any, `two-factor.${event.type}`])
      this.emitter
        .emitAsync(name, event)
        .catch((error: unknown) =>
          this.logger.error({ name, ...describeForeignError(error) }, 'subscriber failed'),
        );
  }
}
