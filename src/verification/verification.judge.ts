import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { GIVES_BACK } from './domain/admission.js';
import {
  type CheckOutcome,
  describeOutcome,
  type LookupOutcome,
  type ProviderVerdict,
} from './provider/outcomes.js';
import { VerificationProvider } from './provider/verification-provider.js';
import { publicStatus, type VerificationRecord } from './domain/verification-record.js';
import { VERIFICATION_OPTIONS, type VerificationModuleOptions } from './verification.options.js';
import type { CheckChange } from './verification.changes.js';
import { VerificationRepository } from './verification.repository.js';
import { failure, refusalOf, success, type VerificationResult } from './verification.results.js';
import { VerificationSender } from './verification.sender.js';

/** v1's search says nothing of a request for a minute after its end; asked again after this. */
const ASK_AGAIN_SECONDS = 5;
const RETRY_AFTER_SECONDS = 2;

/**
 * Lets the provider judge codes, and writes down what it said, once. Also finds out what became of a check whose answer
 * was lost: v1 is asked, v2 tells by webhook. Without its word nothing is ever accepted.
 */
@Injectable()
export class VerificationJudge {
  /** v2 tells by webhook how a request ended, if we can tell its webhooks from forgeries. */
  private readonly isTold: boolean;

  constructor(
    private readonly repository: VerificationRepository,
    private readonly provider: VerificationProvider,
    private readonly sender: VerificationSender,
    @Inject(VERIFICATION_OPTIONS) { vonage }: VerificationModuleOptions,
  ) {
    this.isTold = Boolean(vonage?.signatureSecret) && vonage?.api !== 'v1';
  }

  /** A lost answer will still come: the provider can be asked for it, or its webhook brings it. */
  private get isVerdictOwed(): boolean {
    return this.canAsk || this.isTold;
  }

  /** The provider can be asked what became of a request. */
  get canAsk(): boolean {
    return this.provider.lookup !== undefined;
  }

  /** Has a code judged for a request that was claimed with `token`. */
  async check(claimed: VerificationRecord, token: string, code: string): Promise<VerificationResult> {
    const outcome = await this.provider.check(claimed.providerRequestId!, code);
    const change = this.changeAfter(outcome, claimed);
    const changed = await this.repository.finishCheck(claimed, token, change);
    const request = changed ?? (await this.repository.findById(claimed.id));
    if (!request) return failure('unknown-request');

    switch (outcome.outcome) {
      case 'matched':
        // Anything else than our own VERIFIED means that the request was ended while the provider was asked.
        return changed?.status === 'VERIFIED' ? success(changed) : refusalOf(request);
      case 'mismatched':
        return publicStatus(request) === 'PENDING' ? failure('wrong-code', { request }) : refusalOf(request);
      case 'exhausted':
      case 'gone':
        return refusalOf(request);
      case 'not-checkable-now':
        return failure('not-ready', { request, retryAfterSeconds: RETRY_AFTER_SECONDS });
      case 'fault': {
        this.sender.report('check', claimed.id, outcome);
        const retryAfterSeconds = outcome.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
        const outcomeUnknown = outcome.fault === 'unknown-outcome';
        return failure('provider-unavailable', { request, retryAfterSeconds, outcomeUnknown });
      }
    }
  }

  /**
   * Finds out what became of one check that was never answered: of the request `id`, or of any.
   * @returns the request as it is then; null when there was none to find out about
   */
  async settleDoubt(id: string | null = null): Promise<VerificationRecord | null> {
    const token = randomUUID();
    const claimed = await this.repository.claimDoubt(token, this.sender.leaseSeconds, this.canAsk, id);
    if (!claimed) return null;
    const asked = !claimed.providerVerdict;
    const word = asked
      ? await this.provider.lookup!(claimed.providerRequestId!)
      : { outcome: claimed.providerVerdict! };
    const change = changeAfterWord(word, claimed, asked ? 'reconciler' : 'provider');
    if (change) {
      const settled = await this.repository.finishCheck(claimed, token, change);
      // It seemed to be out and was held back: no message came of it.
      if (settled && change.reason === 'fraud-blocked')
        await this.repository.giveBack(settled.id, GIVES_BACK.destination);
      return settled;
    }
    if (word.outcome === 'fault') this.sender.report('lookup', claimed.id, word);
    return this.repository.keepDoubt(claimed.id, token, ASK_AGAIN_SECONDS);
  }

  private changeAfter(outcome: CheckOutcome, claimed: VerificationRecord): CheckChange {
    const providerStatus = describeOutcome(outcome);
    // This check says nothing of an earlier one whose answer is still owed.
    const stillInDoubt = claimed.checkInDoubt
      ? ({ inDoubt: true, doubtAbout: 'earlier-check' } as const)
      : {};
    switch (outcome.outcome) {
      case 'matched':
        return {
          to: 'VERIFIED',
          event: 'matched',
          providerStatus,
          ...(outcome.cost ? { cost: outcome.cost } : {}),
        };
      case 'mismatched':
        // It lives and judges: whatever became of an earlier check, it was no success.
        return claimed.attempts >= claimed.maxAttempts
          ? { to: 'FAILED', event: 'attempts-exhausted', reason: 'attempts-exhausted', providerStatus }
          : { to: 'PENDING', event: 'mismatched', providerStatus };
      case 'exhausted':
        return { to: 'FAILED', event: 'attempts-exhausted', reason: 'attempts-exhausted', providerStatus };
      case 'gone':
        // Unknown, expired, or verified by a check whose answer was lost: never a success. If the webhook can still
        // tell, it is waited for.
        return claimed.checkInDoubt && this.isTold
          ? { to: 'PENDING', event: 'check-unknown', ...stillInDoubt, providerStatus }
          : { to: 'FAILED', event: 'provider-ended', reason: 'provider-ended', providerStatus };
      case 'not-checkable-now':
        return { to: 'PENDING', event: 'not-judged', giveAttemptBack: true, ...stillInDoubt, providerStatus };
      case 'fault':
        if (outcome.fault !== 'unknown-outcome')
          return {
            to: 'PENDING',
            event: 'not-judged',
            giveAttemptBack: true,
            ...stillInDoubt,
            providerStatus,
          };
        return {
          to: 'PENDING',
          event: 'check-unknown',
          ...(this.isVerdictOwed ? { inDoubt: true, doubtAbout: 'this-check' } : {}),
          providerStatus,
        };
    }
  }
}

/** Null when the provider does not know, or does not tell. */
function changeAfterWord(
  word: LookupOutcome | { outcome: ProviderVerdict },
  claimed: VerificationRecord,
  actor: 'reconciler' | 'provider',
): CheckChange | null {
  const told = {
    actor,
    providerStatus: `${actor === 'provider' ? 'webhook' : 'lookup'}: ${describeOutcome(word)}`,
  };
  const spent = claimed.attempts >= claimed.maxAttempts;
  switch (word.outcome) {
    case 'verified':
      return { to: 'VERIFIED', event: 'matched', doubtAbout: 'earlier-check', ...told };
    case 'pending':
      return spent
        ? { to: 'FAILED', event: 'attempts-exhausted', reason: 'attempts-exhausted', ...told }
        : { to: 'PENDING', event: 'mismatched', ...told };
    case 'failed':
      return spent
        ? { to: 'FAILED', event: 'attempts-exhausted', reason: 'attempts-exhausted', ...told }
        : { to: 'FAILED', event: 'provider-ended', reason: 'provider-ended', ...told };
    case 'expired':
      return { to: 'EXPIRED', event: 'time-ran-out', ...told };
    case 'blocked':
      return { to: 'FAILED', event: 'fraud-blocked', reason: 'fraud-blocked', ...told };
    case 'cancelled':
      return { to: 'FAILED', event: 'provider-ended', reason: 'provider-ended', ...told };
    case 'unknown':
    case 'fault':
      return null;
  }
}
