import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { SettingsResource } from './dto/resources.js';
import { Factors } from './factors/factors.js';
import { RecoveryCodes } from './recovery-codes/recovery-codes.service.js';
import { TrustedBrowsers } from './trusted-browsers/trusted-browsers.service.js';
import type { TwoFactorNotice } from './two-factor.notifier.js';
import { TwoFactorService } from './two-factor.service.js';

/** A change that was made, and what the user is told of it. */
export interface FactorChange extends Omit<TwoFactorNotice, 'at'> {
  userId: string;
  /** Of the user's factors after it. */
  epoch: number;
  /** The factor that enrolling has shown, when it is the user's first. */
  shown?: { method: string; requestId?: string } | null;
}

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

  /** The session in which factors were changed is the only one that outlives it. */
  async changed(
    request: Request,
    response: Response,
    { userId, epoch, shown, ...notice }: FactorChange,
  ): Promise<void> {
    if (shown) await this.twoFactor.complete(request, response, shown, epoch);
    else await this.twoFactor.renew(request, response, epoch);
    await this.twoFactor.notify(userId, notice);
  }
}
