import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { SettingsResource } from './dto/resources.js';
import { Factors } from './factors/factors.js';
import { maskOf, type PhoneChange } from './phones/enrolled-phones.service.js';
import { RecoveryCodes } from './recovery-codes/recovery-codes.service.js';
import { TrustedBrowsers } from './trusted-browsers/trusted-browsers.service.js';
import type { TwoFactorNotice } from './two-factor.notifier.js';
import { TwoFactorService } from './two-factor.service.js';

/** What surrounds every change of a user's factors: the session goes on, others end, the user is told. */
@Injectable()
export class FactorSettings {
  constructor(
    private readonly twoFactor: TwoFactorService,
    private readonly factors: Factors,
    private readonly recovery: RecoveryCodes,
    private readonly browsers: TrustedBrowsers,
  ) {}

  async of(userId: string): Promise<SettingsResource> {
    const browsers = await this.browsers.list(userId);
    return {
      factors: await this.factors.enrolledBy(userId),
      recoveryCodesLeft: await this.recovery.left(userId),
      trustedBrowsers: browsers.map(({ id, description, createdAt, lastUsedAt, expiresAt }) => ({
        id,
        description,
        createdAt: createdAt.toISOString(),
        lastUsedAt: lastUsedAt.toISOString(),
        expiresAt: expiresAt.toISOString(),
      })),
    };
  }

  /** @param shown the factor that enrolling has shown, when it is the user's first */
  async changed(
    request: Request,
    response: Response,
    { phone, epoch }: PhoneChange,
    type: TwoFactorNotice['type'],
    shown: { method: string; requestId?: string } | null = null,
  ): Promise<void> {
    if (epoch !== null) await this.goOn(request, response, epoch, shown);
    await this.twoFactor.notify(phone.userId, { type, detail: maskOf(phone) });
  }

  /** The session in which factors were changed is the only one that outlives it. */
  async goOn(
    request: Request,
    response: Response,
    epoch: number,
    shown: { method: string; requestId?: string } | null = null,
  ): Promise<void> {
    if (shown) await this.twoFactor.complete(request, response, shown, epoch);
    else await this.twoFactor.renew(request, response, epoch);
  }
}
