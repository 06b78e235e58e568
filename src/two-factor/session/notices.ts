import { Inject, Injectable } from '@nestjs/common';
import { LogNotifier, type TwoFactorNotice } from '../two-factor.notifier.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';

/** Stamps notices with the time and hands them to the notifier. */
@Injectable()
export class Notices {
  private readonly log = new LogNotifier();

  constructor(@Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions) {}

  async send(userId: string, notice: Omit<TwoFactorNotice, 'at'>): Promise<void> {
    await (this.options.notifier ?? this.log).notify(userId, { ...notice, at: new Date() });
  }
}
