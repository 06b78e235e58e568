import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Channel } from '../domain/phone-number.js';
import { report } from '../../diagnostics/index.js';
import { leaseSeconds, type VerificationPolicy } from '../domain/policy.js';
import type { Actor } from '../domain/verification-event.js';
import type { RequestWithWait, VerificationRecord } from '../domain/verification-record.js';
import { PhoneNumbers } from '../phone-numbers.js';
import { describeOutcome, type Fault } from '../provider/outcomes.js';
import { ProviderReports } from '../provider/provider-reports.js';
import { VerificationProvider } from '../provider/verification-provider.js';
import { CountersRepository } from '../start/counters.repository.js';
import {
  DeliveryService,
  PROVIDER_BUSY_SECONDS,
  RETRY_AFTER_FAULT_SECONDS,
} from '../start/delivery.service.js';
import { type Charge, MessageLimits } from '../start/message-limits.js';
import { type MessageRule, MessageRules } from '../start/message-rules.js';
import { CallerFingerprints } from '../verification.callers.js';
import { DEFAULT_PURPOSE, type OnVerification } from '../verification.input.js';
import { MESSAGE_RULES, VERIFICATION_POLICY } from '../verification.options.js';
import { VerificationRepository } from '../verification.repository.js';
import {
  failure,
  refusalOf,
  refusalOfRule,
  ruleBehind,
  success,
  type VerificationFailure,
  type RequestResult,
} from '../verification.results.js';
import { refusalToResend } from './resend-refusal.js';
import { type ClaimedResend, ResendRepository } from './resend.repository.js';

/** A message under way: its request, the lease, what it was charged, and who caused it. */
interface Resend {
  request: ClaimedResend;
  token: string;
  charge: Charge | null;
  actor: Actor;
}

/** Sends further messages for a request. */
@Injectable()
export class ResendService {
  constructor(
    private readonly repository: ResendRepository,
    private readonly requests: VerificationRepository,
    private readonly delivery: DeliveryService,
    private readonly provider: VerificationProvider,
    private readonly reports: ProviderReports,
    private readonly limits: MessageLimits,
    private readonly counters: CountersRepository,
    private readonly callers: CallerFingerprints,
    private readonly numbers: PhoneNumbers,
    @Inject(MESSAGE_RULES) private readonly rules: MessageRules,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  /**
   * Sends a new code for the same request, by the same channel or another. Wrong codes stay counted.
   * @param request the request as `find` has just returned it to this caller
   */
  async resend(
    request: RequestWithWait,
    input: OnVerification & { channel?: Channel },
  ): Promise<RequestResult> {
    if (request.status === 'SENDING') {
      const resumed = await this.delivery.resume(request.id);
      if (resumed) return resumed;
    }
    const refusal = refusalToResend(request);
    if (refusal) return this.refuse(refusal);
    if (input.channel && !this.provider.channels.includes(input.channel))
      return failure('destination-rejected', { request });

    // A lost message was counted when it was sent, so the one that finds out about it is free.
    const rules = request.sendLeaseUntil === null ? await this.rulesFor(request, input) : [];
    await this.counters.carryOver(rules);
    const charge = await this.limits.take(rules);
    if (!charge) return this.refuseByRule(request, rules);
    const token = randomUUID();
    const claimed = await this.repository.claim({
      id: request.id,
      purpose: input.purpose ?? DEFAULT_PURPOSE,
      callers: this.callers.of(input.caller),
      token,
      leaseSeconds: leaseSeconds(this.policy),
      channel: input.channel ?? null,
    });
    if (claimed) return this.send({ request: claimed, token, charge, actor: 'caller' });
    await this.limits.giveBack(charge, 'everything');
    const now = (await this.requests.findById(request.id)) ?? request;
    return this.refuse(refusalToResend(now) ?? refusalOf(now));
  }

  /** Finds out about a further message whose answer was lost; the request is leased with `token`. */
  sendLost(request: VerificationRecord, token: string): Promise<RequestResult> {
    const claimed = { ...request, earlierSendLost: true, previousChannel: request.channel };
    return this.startAgain({ request: claimed, token, charge: null, actor: 'reconciler' });
  }

  private async send(resend: Resend): Promise<RequestResult> {
    const { request } = resend;
    const numberDefect = this.numbers.of(request).defectFor(request.channel);
    if (numberDefect) {
      // A landline that was called cannot be texted. Nothing was asked of the provider yet.
      const left = await this.notSent(resend, false, 0, 'not asked', 'destination');
      return failure('destination-rejected', { request: left ?? request, numberDefect });
    }
    const previous = request.providerRequestId!;
    if (request.channel === request.previousChannel && !request.earlierSendLost) {
      const next = await this.provider.next(previous);
      if (next.outcome === 'sent') return this.sent(resend, previous, next);
      if (next.outcome === 'retry-later') return this.notYet(resend, next);
      if (next.outcome === 'fault') return this.fault('next', resend, next, next.fault === 'unknown-outcome');
    }
    // A lease is as long as one call.
    if (!(await this.renew(resend))) return this.asOthersLeftIt(request.id);
    const cancel = await this.provider.cancel(previous);
    if (cancel.outcome === 'too-early') return this.notYet(resend, cancel);
    if (cancel.outcome === 'fault')
      return this.fault('cancel', resend, cancel, cancel.fault === 'unknown-outcome');
    if (!(await this.renew(resend))) return this.asOthersLeftIt(request.id);
    return this.startAgain(resend);
  }

  private renew({ request, token }: Resend): Promise<boolean> {
    return this.repository.renew(request.id, token, leaseSeconds(this.policy));
  }

  /** From here on the old code is dead. Whatever fails leaves the request without a code until the next try. */
  private async startAgain(resend: Resend): Promise<RequestResult> {
    const { request, token, charge, actor } = resend;
    const start = await this.delivery.askProvider(request, this.numbers.e164Of(request));
    switch (start.outcome) {
      case 'started':
        return this.sent(resend, start.providerRequestId, start);
      case 'already-pending': {
        const inFlight = start.providerRequestId;
        // A number has one live request, so an id that is not the one just ended is our own lost message. And if it is the
        // old one although the message was lost, then the old code is still good.
        if (inFlight && (inFlight !== request.providerRequestId || request.earlierSendLost))
          return this.sent(resend, inFlight, start);
        return this.notYet(resend, start);
      }
      case 'destination-rejected':
      case 'fraud-blocked': {
        const reason = start.outcome === 'fraud-blocked' ? 'fraud-blocked' : 'send-rejected';
        const providerStatus = describeOutcome(start);
        await this.requests.finishCheck(request.id, token, {
          to: 'FAILED',
          event: reason,
          reason,
          actor,
          providerStatus,
        });
        if (charge) await this.limits.giveBack(charge, 'destination');
        return failure(reason === 'fraud-blocked' ? 'destination-not-allowed' : 'destination-rejected');
      }
      case 'fault':
        return this.fault('start', resend, start, true);
    }
  }

  private async sent(
    { request, token, actor }: Resend,
    providerRequestId: string,
    outcome: { outcome: string },
  ): Promise<RequestResult> {
    report({ type: 'message', country: request.phoneCountry, channel: request.channel });
    const changed = await this.repository.finish(request, token, {
      event: 'resent',
      providerRequestId,
      ttlSeconds: this.policy.ttlSeconds,
      waitSeconds: this.policy.resendCooldownSeconds,
      actor,
      providerStatus: describeOutcome(outcome),
    });
    return changed ? success(changed) : this.asOthersLeftIt(request.id);
  }

  private async asOthersLeftIt(id: string): Promise<RequestResult> {
    const now = await this.requests.findById(id);
    if (!now) return failure('unknown-request');
    return now.status === 'PENDING' ? success(now) : refusalOf(now);
  }

  /** The provider cannot resend yet. Ask the caller to wait. */
  private async notYet(resend: Resend, outcome: { outcome: string }): Promise<RequestResult> {
    const seconds = PROVIDER_BUSY_SECONDS;
    const left = await this.notSent(resend, false, seconds, describeOutcome(outcome), 'our-fault');
    return failure('cooldown', { retryAfterSeconds: seconds, ...(left ? { request: left } : {}) });
  }

  private async fault(operation: string, resend: Resend, outcome: Fault, codeMayBeDead: boolean) {
    this.reports.fault(operation, resend.request.id, outcome);
    const retryAfterSeconds = outcome.retryAfterSeconds ?? RETRY_AFTER_FAULT_SECONDS;
    const status = `${operation}: ${describeOutcome(outcome)}`;
    const left = await this.notSent(resend, codeMayBeDead, retryAfterSeconds, status, 'our-fault');
    return failure('provider-unavailable', { retryAfterSeconds, ...(left ? { request: left } : {}) });
  }

  private async notSent(
    { request, token, charge, actor }: Resend,
    isUnknown: boolean,
    waitSeconds: number,
    providerStatus: string,
    giveBack: 'our-fault' | 'destination',
  ): Promise<VerificationRecord | null> {
    const event = isUnknown || request.earlierSendLost ? 'resend-unknown' : 'resend-rejected';
    const left = await this.repository.finish(request, token, { event, waitSeconds, actor, providerStatus });
    if (charge && event === 'resend-rejected') await this.limits.giveBack(charge, giveBack);
    return left;
  }

  private async rulesFor(
    request: VerificationRecord,
    { caller, channel = request.channel }: OnVerification & { channel?: Channel },
  ): Promise<readonly MessageRule[]> {
    // Erased: it is over, and the claim will say so.
    if (request.sealedNumber === null) return [];
    const phone = this.numbers.of(request);
    // A caller who does not name the user resends for the user who started it.
    const known = { ...caller, userId: caller.userId ?? request.userId };
    return this.rules.forMessage({ phone, channel, confirmed: request.confirmedFor !== '', caller: known });
  }

  private async refuse(refusal: VerificationFailure): Promise<VerificationFailure> {
    const rule = ruleBehind(refusal);
    const requestId = refusal.request?.id ?? null;
    const rules = [{ rule, outcome: 'refuse' as const }];
    await this.counters.record({ action: 'resend', outcome: 'refused', rule, rules, requestId });
    return refusal;
  }

  private async refuseByRule(request: VerificationRecord, rules: readonly MessageRule[]) {
    const results = await this.limits.evaluate(rules, request.readAt);
    const refusing = results.find((result) => result.refuses && result.rule.mode === 'enforce');
    const rule = refusing?.rule.rule ?? 'request-state';
    const rulesEvaluated = results.map(({ evaluated }) => evaluated);
    await this.counters.record(
      { action: 'resend', outcome: 'refused', rule, rules: rulesEvaluated, requestId: request.id },
      request.phoneCountry,
    );
    return refusalOfRule(refusing, request);
  }
}
