import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { leaseSeconds, longestLifeSeconds, type VerificationPolicy } from '../domain/policy.js';
import type { VerificationRecord } from '../domain/verification-record.js';
import { MessageLimits } from '../start/message-limits.js';
import { MessageRules } from '../start/message-rules.js';
import { PhoneNumbers } from '../phone-numbers.js';
import { describeOutcome, type LookupOutcome, type ProviderVerdict } from '../provider/outcomes.js';
import { ProviderReports } from '../provider/provider-reports.js';
import { VerificationProvider } from '../provider/verification-provider.js';
import {
  MESSAGE_RULES,
  VERIFICATION_OPTIONS,
  VERIFICATION_POLICY,
  type ResolvedVerificationOptions,
} from '../verification.options.js';
import { VerificationRepository } from '../verification.repository.js';
import type { CheckChange, CheckClaim } from './check-claim.js';
import { DoubtRepository } from './doubt.repository.js';

/** v1's search knows nothing of a request for a minute after its end. Ask again after this. */
const ASK_AGAIN_SECONDS = 5;

/**
 * Resolves checks whose outcome is unknown. v1 is asked, v2 reports by webhook. Without the provider's word
 * nothing is ever accepted.
 */
@Injectable()
export class DoubtService {
  /** v2 reports by webhook how a request ended, if we can tell its webhooks from forgeries. */
  private readonly hasWebhooks: boolean;

  constructor(
    private readonly repository: DoubtRepository,
    private readonly requests: VerificationRepository,
    private readonly provider: VerificationProvider,
    private readonly reports: ProviderReports,
    private readonly limits: MessageLimits,
    private readonly numbers: PhoneNumbers,
    @Inject(MESSAGE_RULES) private readonly rules: MessageRules,
    @Inject(VERIFICATION_OPTIONS) { vonage }: ResolvedVerificationOptions,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {
    this.hasWebhooks = Boolean(vonage?.signatureSecret) && vonage?.api !== 'v1';
  }

  /** A lost answer will still come: the provider can be asked for it, or its webhook brings it. */
  get isVerdictOwed(): boolean {
    return this.canAsk || this.hasWebhooks;
  }

  /** What a check may do while the answer to an earlier one is unknown. */
  get whileInDoubt(): CheckClaim['inDoubt'] {
    if (this.canAsk) return 'refuse';
    // The same code again would only spend an attempt. Another code is judged, which also settles the doubt.
    return this.hasWebhooks ? 'refuse-same-code' : 'allow';
  }

  private get canAsk(): boolean {
    return this.provider.lookup !== undefined;
  }

  /**
   * Resolves one check that was never answered.
   * @param id only this request; null for any
   * @returns the request as it is then, or null when there is none to find out about
   */
  async settle(id: string | null = null): Promise<VerificationRecord | null> {
    const token = randomUUID();
    const claimed = await this.repository.claimDoubt({
      id,
      token,
      canAsk: this.canAsk,
      leaseSeconds: leaseSeconds(this.policy),
      createdWithinSeconds: longestLifeSeconds(this.policy),
    });
    if (!claimed) return null;
    const verdict = claimed.providerVerdict;
    const answer = verdict ? { outcome: verdict } : await this.provider.lookup!(claimed.providerRequestId!);
    const change = changeAfter(answer, claimed, verdict ? 'provider' : 'reconciler');
    if (!change) {
      if (answer.outcome === 'fault') this.reports.fault('lookup', claimed.id, answer);
      return this.repository.askLater(claimed.id, token, ASK_AGAIN_SECONDS);
    }
    const settled = await this.requests.finishCheck(claimed.id, token, change);
    if (settled && change.reason === 'fraud-blocked') await this.giveBackMessage(settled);
    return settled;
  }

  /** The message seemed to be out, but was held back by the provider. */
  async giveBackMessage(request: VerificationRecord): Promise<void> {
    if (request.sealedNumber === null || request.confirmedFor !== '') return;
    const attempt = {
      phone: this.numbers.of(request),
      channel: request.channel,
      confirmed: false,
      caller: { userId: request.userId },
    };
    await this.limits.giveBackDestination(await this.rules.forMessage(attempt));
  }
}

/** @returns null when the provider does not know, or does not say */
function changeAfter(
  answer: LookupOutcome | { outcome: ProviderVerdict },
  claimed: VerificationRecord,
  actor: 'reconciler' | 'provider',
): CheckChange | null {
  const source = actor === 'provider' ? 'webhook' : 'lookup';
  const by = { actor, providerStatus: `${source}: ${describeOutcome(answer)}` };
  const exhausted = {
    to: 'FAILED',
    event: 'attempts-exhausted',
    reason: 'attempts-exhausted',
    ...by,
  } as const;
  const isSpent = claimed.attempts >= claimed.maxAttempts;
  switch (answer.outcome) {
    case 'verified':
      return { to: 'VERIFIED', event: 'matched', doubtAbout: 'earlier-check', ...by };
    case 'pending':
      return isSpent ? exhausted : { to: 'PENDING', event: 'mismatched', ...by };
    case 'failed':
      return isSpent ? exhausted : { to: 'FAILED', event: 'provider-ended', reason: 'provider-ended', ...by };
    case 'expired':
      return { to: 'EXPIRED', event: 'time-ran-out', ...by };
    case 'blocked':
      return { to: 'FAILED', event: 'fraud-blocked', reason: 'fraud-blocked', ...by };
    case 'cancelled':
      return { to: 'FAILED', event: 'provider-ended', reason: 'provider-ended', ...by };
    case 'unknown':
    case 'fault':
      return null;
  }
}
