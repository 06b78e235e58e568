import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { report } from '../../diagnostics/index.js';
import { readTypedCode } from '../domain/one-time-code.js';
import { leaseSeconds, type VerificationPolicy } from '../domain/policy.js';
import { isInDoubt, publicStatus } from '../domain/verification-record.js';
import { type CheckOutcome, describeOutcome } from '../provider/outcomes.js';
import { readPrice } from '../provider/price.js';
import { ProviderReports } from '../provider/provider-reports.js';
import { VerificationProvider } from '../provider/verification-provider.js';
import { RequestFinder } from '../request-finder.js';
import { CallerFingerprints } from '../verification.callers.js';
import { DEFAULT_PURPOSE, idOf, type OnVerification } from '../verification.input.js';
import { VERIFICATION_POLICY } from '../verification.options.js';
import { VerificationRepository } from '../verification.repository.js';
import {
  failure,
  refusalOf,
  refusalToWait,
  requestedElsewhere,
  success,
  type VerificationFailure,
  type RequestResult,
} from '../verification.results.js';
import { AcceptanceService } from './acceptance.service.js';
import type { CheckChange, ClaimedCheck } from './check-claim.js';
import { DoubtService } from './doubt.service.js';
import { retryUntil } from './retry-until.js';

const RETRY_AFTER_SECONDS = 2;

/** Checks typed codes: claim the request, ask the provider, finish. */
@Injectable()
export class CodeCheckService {
  constructor(
    private readonly repository: VerificationRepository,
    private readonly provider: VerificationProvider,
    private readonly reports: ProviderReports,
    private readonly doubts: DoubtService,
    private readonly callers: CallerFingerprints,
    private readonly acceptance: AcceptanceService,
    private readonly finder: RequestFinder,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  /**
   * Checks a typed code. At most `maxAttempts` codes of a request ever reach the provider, one at a time, and one of them
   * is accepted once.
   */
  async check(input: OnVerification & { code: string }): Promise<RequestResult> {
    let typed = readTypedCode(input.code, { length: this.policy.codeLength });
    if ('defect' in typed) {
      // The request may be older than the present length.
      const request = await this.finder.find(input);
      if (request) typed = readTypedCode(input.code, { length: request.codeLength });
    }
    if ('defect' in typed) return failure('invalid-input', { codeDefect: typed.defect });

    const refusal = await this.acceptance.refusalFor(input);
    if (refusal) return refusal;

    const { caller, purpose = DEFAULT_PURPOSE } = input;
    const claim = {
      id: idOf(input.requestId),
      purpose,
      callers: this.callers.of(caller),
      provers: this.callers.ofProvers(caller),
      codes: this.callers.ofCode(input.requestId, typed.code, caller),
      token: randomUUID(),
      leaseSeconds: leaseSeconds(this.policy),
      inDoubt: this.doubts.whileInDoubt,
    };
    const leaseEndsAt = performance.now() + claim.leaseSeconds * 1000;
    let request = await this.repository.claimCheck(claim);
    // A provider that can look up an unanswered check is asked for its outcome before it gets another code.
    const isSettled = request?.refusedBy === 'verdict-owed' && (await this.doubts.settle(request.id));
    // The row changed while the statement waited for it, so the reason it read is stale.
    const isOvertaken =
      request !== null && !request.isClaimed && !request.isLateVerdict && request.refusedBy === null;
    if (isSettled || isOvertaken) request = await this.repository.claimCheck(claim);
    if (!request) return failure('unknown-request');
    if (request.isClaimed) {
      const result = await this.askProvider(request, claim.token, typed.code, leaseEndsAt);
      // The webhook was faster than the answer that was lost, and found the lease taken.
      if (!result.ok && result.outcomeUnknown && result.request?.providerVerdict)
        await this.doubts.settle(request.id);
      return result;
    }
    if (!request.isLateVerdict) return refusalOfCheck(request);
    // A late verdict belongs to the code it was asked about. Only a caller who repeats that code gets the success.
    const accepted = await this.repository.acceptLateVerdict(request.id, claim.codes);
    if (!accepted) return refusalOfCheck({ ...request, refusedBy: 'request-state' });
    report({ type: 'verified', country: accepted.phoneCountry, channel: accepted.channel });
    return success(accepted);
  }

  private async askProvider(
    claimed: ClaimedCheck,
    token: string,
    code: string,
    leaseEndsAt: number,
  ): Promise<RequestResult> {
    const outcome = await this.provider.check(claimed.providerRequestId!, code);
    const change = this.changeAfter(outcome, claimed);
    // A verdict in hand is not dropped because Postgres is unavailable for a moment: until our lease ends, no other process can write.
    const { result: changed, isRetried } = await retryUntil(leaseEndsAt, () =>
      this.repository.finishCheck(claimed.id, token, change),
    );
    const request = changed ?? (await this.repository.findById(claimed.id));
    if (!request) return failure('unknown-request');

    switch (outcome.outcome) {
      case 'matched': {
        // Without our own change the request was ended meanwhile - or our change was made and only its answer was lost.
        const isOurs = changed !== null || isRetried;
        if (!isOurs || request.status !== 'VERIFIED') return refusalOf(request);
        report({ type: 'verified', country: request.phoneCountry, channel: request.channel });
        return success(request);
      }
      case 'mismatched':
        return publicStatus(request) === 'PENDING' ? failure('wrong-code', { request }) : refusalOf(request);
      case 'exhausted':
      case 'gone':
        return refusalOf(request);
      case 'not-checkable-now':
        return failure('not-ready', { request, retryAfterSeconds: RETRY_AFTER_SECONDS });
      case 'fault': {
        this.reports.fault('check', claimed.id, outcome);
        const retryAfterSeconds = outcome.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
        const outcomeUnknown = outcome.fault === 'unknown-outcome';
        return failure('provider-unavailable', { request, retryAfterSeconds, outcomeUnknown });
      }
    }
  }

  private changeAfter(outcome: CheckOutcome, claimed: ClaimedCheck): CheckChange {
    const providerStatus = describeOutcome(outcome);
    const isVerdictOwed = this.doubts.isVerdictOwed;
    // This check says nothing about an earlier one whose answer is still owed.
    const notJudged: CheckChange = {
      to: 'PENDING',
      event: 'not-judged',
      isNotJudged: true,
      ...(claimed.checkInDoubt ? { isInDoubt: true, doubtAbout: 'earlier-check' } : {}),
      providerStatus,
    };
    switch (outcome.outcome) {
      case 'matched': {
        // A price that cannot be read does not lose the right code.
        const cost = readPrice(outcome.cost?.amount, outcome.cost?.currency);
        return { to: 'VERIFIED', event: 'matched', providerStatus, ...(cost ? { cost } : {}) };
      }
      case 'mismatched':
        // The request lives and judges codes. So whatever became of an earlier check, it was no success.
        return claimed.attempts >= claimed.maxAttempts
          ? { to: 'FAILED', event: 'attempts-exhausted', reason: 'attempts-exhausted', providerStatus }
          : { to: 'PENDING', event: 'mismatched', providerStatus };
      case 'exhausted':
        return { to: 'FAILED', event: 'attempts-exhausted', reason: 'attempts-exhausted', providerStatus };
      case 'gone':
        // Unknown, expired, or verified by a check whose answer was lost: never a success. While a webhook can still
        // tell, we wait for it.
        return claimed.checkInDoubt && isVerdictOwed
          ? notJudged
          : { to: 'FAILED', event: 'provider-ended', reason: 'provider-ended', providerStatus };
      case 'not-checkable-now':
        return notJudged;
      case 'fault':
        if (outcome.fault !== 'unknown-outcome') return notJudged;
        return {
          to: 'PENDING',
          event: 'check-unknown',
          ...(isVerdictOwed ? { isInDoubt: true, doubtAbout: 'this-check' } : {}),
          providerStatus,
        };
    }
  }
}

/** The problem that the caller gets when the claim was refused. */
function refusalOfCheck(request: ClaimedCheck): VerificationFailure {
  switch (request.refusedBy) {
    case 'lock':
    case 'wrong-codes':
      return refusalToWait(request);
    case 'caller':
      return isInDoubt(request) ? refusalOf(request) : requestedElsewhere(request);
    case 'request-state':
    case 'message-is-out':
    case 'attempt-cap':
    case 'verdict-owed':
      return refusalOf(request);
    case 'one-check-at-a-time':
    case null: // somebody was faster by a moment
      return isInDoubt(request)
        ? refusalOf(request)
        : failure('check-in-progress', { request, retryAfterSeconds: 1 });
  }
}
