import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Factors } from '../challenge/factors.js';
import { RecoveryCodes } from '../recovery-codes/recovery-codes.service.js';
import { AccountNames } from '../session/account-names.js';
import { type ShownFactor, TwoFactorService } from '../session/two-factor.service.js';
import { TrustedBrowserResource } from '../trusted-browsers/trusted-browser.resource.js';
import { TrustedBrowsers } from '../trusted-browsers/trusted-browsers.service.js';
import type { TwoFactorNotice } from '../two-factor.notifier.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import type { Removable, RemovalResource } from './removal.pages.js';
import type { SettingsResource } from './settings.resource.js';

/** A change of a user's factors, and the notice of it. */
interface NoticedChange extends Omit<TwoFactorNotice, 'at'> {
  userId: string;
  /** The user's epoch after it. */
  epoch: number;
  /** The factor that enrolling has shown, when it is the user's first. */
  shown?: ShownFactor;
}

const METHODS: Record<Exclude<Removable, 'browser' | 'browsers'>, string> = {
  passkey: 'passkey',
  phone: 'sms',
  authenticator: 'totp',
};

/** A user's factors and all that was built on them, and what follows each change of them. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly twoFactor: TwoFactorService,
    private readonly names: AccountNames,
    private readonly factors: Factors,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly browsers: TrustedBrowsers,
  ) {}

  /** A user's settings. */
  async of(userId: string): Promise<SettingsResource> {
    return {
      account: await this.names.maskedNameOf(userId),
      factors: await this.factors.enrolledBy(userId),
      recoveryCodesLeft: await this.recoveryCodes.left(userId),
      trustedBrowsers: (await this.browsers.list(userId)).map(TrustedBrowserResource.of),
    };
  }

  /** What a removal would take from the user. @throws Problem `unknown-factor` */
  async removalOf(userId: string, what: Removable, id?: string): Promise<RemovalResource> {
    if (what === 'browsers') return { what, name: '', isLastFactor: false };
    if (what === 'browser') {
      const browser = (await this.browsers.list(userId)).find((each) => each.id === id);
      if (!browser) throw twoFactorProblem('unknown-factor');
      return { what, name: browser.description, isLastFactor: false };
    }
    const factors = await this.factors.enrolledBy(userId);
    const factor = factors.find((each) => each.id === id && each.method === METHODS[what]);
    if (!factor) throw twoFactorProblem('unknown-factor');
    const name = [factor.label, factor.hint].filter(Boolean).join(' ');
    return { what, name, isLastFactor: factors.length === 1 };
  }

  /** Continues the session in which factors were changed, the only one that outlives that, and notifies the user. */
  async changed(
    request: Request,
    response: Response,
    { userId, epoch, shown, ...notice }: NoticedChange,
  ): Promise<SettingsResource> {
    await this.twoFactor.renew(request, response, { epoch, shown });
    await this.twoFactor.notify(userId, notice);
    return this.of(userId);
  }
}
