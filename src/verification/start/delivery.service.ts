import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { report } from '../../diagnostics/index.js';
import { ProviderReports } from '../provider/provider-reports.js';
import { leaseSeconds, longestLifeSeconds, type VerificationPolicy } from '../domain/policy.js';
import type { Actor } from '../domain/verification-event.js';
import type { VerificationRecord } from '../domain/verification-record.js';
import { describeOutcome, type StartOutcome } from '../provider/outcomes.js';
import { VerificationProvider } from '../provider/verification-provider.js';
import { VERIFICATION_POLICY } from '../verification.options.js';
import { VerificationRepository } from '../verification.repository.js';
import { failure, refusalOf, success, type RequestResult } from '../verification.results.js';
import { DeliveryRepository } from './delivery.repository.js';
import { InFlightConflict } from './in-flight-conflict.js';
import { type Charge, MessageLimits } from './message-limits.js';
import { PhoneNumbers } from '../phone-numbers.js';

/** Where the provider does not say when to try again. */
export const RETRY_AFTER_FAULT_SECONDS = 2;
/** How long the provider holds on to a message, about, where nothing tells. */
export const PROVIDER_BUSY_SECONDS = 5;

interface SendOptions {
  /** What the message has taken of its limits. Absent when it was counted before. */
  charge?: Charge;
  /** An earlier try may have reached the provider. Then its conflict answer names our own message. */
  earlierSendLost?: boolean;
  actor?: Actor;
  isConflictResolved?: boolean;
}

/**
 * Sends each request's first message exactly once. The request is in SENDING, with a lease; no transaction and no
 * connection is held while the provider is asked.
 */
@Injectable()
export class DeliveryService {
  constructor(
    private readonly repository: DeliveryRepository,
    private readonly requests: VerificationRepository,
    private readonly provider: VerificationProvider,
    private readonly reports: ProviderReports,
    private readonly limits: MessageLimits,
    private readonly conflict: InFlightConflict,
    private readonly numbers: PhoneNumbers,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  async send(request: VerificationRecord, e164: string, options: SendOptions = {}): Promise<RequestResult> {
    const { charge, earlierSendLost = false, actor = 'caller' } = options;
    const outcome = await this.askProvider(request, e164);
    const status = describeOutcome(outcome);
    switch (outcome.outcome) {
      case 'started': {
        const { providerRequestId } = outcome;
        const cooldownSeconds = this.policy.resendCooldownSeconds;
        const sent = { event: 'sent', providerRequestId, cooldownSeconds } as const;
        const changed = await this.repository.finishSend(request, sent, actor, status);
        report({ type: 'message', country: request.phoneCountry, channel: request.channel });
        return changed ? success(changed) : this.asOthersLeftIt(request.id);
      }
      case 'already-pending':
        return this.resolveConflict(request, e164, outcome.providerRequestId, options);
      case 'destination-rejected':
        await this.repository.finishSend(
          request,
          { event: 'send-rejected' },
          actor,
          `${status} ${outcome.why}`,
        );
        if (charge) await this.limits.giveBack(charge, 'destination');
        return failure('destination-rejected');
      case 'fraud-blocked':
        await this.repository.finishSend(request, { event: 'fraud-blocked' }, actor, status);
        if (charge) await this.limits.giveBack(charge, 'destination');
        return failure('destination-not-allowed');
      case 'fault': {
        this.reports.fault('start', request.id, outcome);
        const retryAfterSeconds = outcome.retryAfterSeconds ?? RETRY_AFTER_FAULT_SECONDS;
        if (outcome.fault === 'unknown-outcome' || earlierSendLost) {
          const unknown = await this.repository.finishSend(request, { event: 'send-unknown' }, actor, status);
          return failure('provider-unavailable', {
            retryAfterSeconds,
            ...(unknown ? { request: unknown } : {}),
          });
        }
        await this.repository.finishSend(request, { event: 'send-rejected' }, actor, status);
        if (charge) await this.limits.giveBack(charge, 'our-fault');
        return failure('provider-unavailable', { retryAfterSeconds });
      }
    }
  }

  /** Takes over a request whose send was lost. @returns null when it is not one, or somebody else has it already */
  async resume(id: string): Promise<RequestResult | null> {
    const claimed = await this.claimLost(id, 'caller', randomUUID());
    return claimed && this.send(claimed, this.numbers.e164Of(claimed), { earlierSendLost: true });
  }

  /** Takes over one lost message: of the request `id`, or of any, a further message included. */
  claimLost(id: string | null, actor: Actor, token: string): Promise<VerificationRecord | null> {
    return this.repository.claimLost({
      id,
      token,
      actor,
      leaseSeconds: leaseSeconds(this.policy),
      createdWithinSeconds: longestLifeSeconds(this.policy),
    });
  }

  /** Ends a request at the provider that is over here. If the provider refuses, the request expires there. */
  async release(request: VerificationRecord): Promise<void> {
    if (!request.providerRequestId) return;
    const outcome = await this.provider.cancel(request.providerRequestId);
    if (outcome.outcome === 'fault') this.reports.fault('cancel', request.id, outcome);
  }

  askProvider(request: VerificationRecord, phoneNumber: string): Promise<StartOutcome> {
    return this.provider.start({
      phoneNumber,
      channel: request.channel,
      codeLength: request.codeLength,
      ttlSeconds: this.policy.ttlSeconds,
      clientReference: request.id.replaceAll('-', ''),
      ...(request.locale ? { locale: request.locale } : {}),
      ...(request.brand ? { brand: request.brand } : {}),
    });
  }

  /** The provider has a request for this number in flight: our own lost one, or another one that blocks it. */
  private async resolveConflict(
    request: VerificationRecord,
    e164: string,
    inFlight: string | undefined,
    options: SendOptions,
  ): Promise<RequestResult> {
    const { charge, earlierSendLost = false, actor = 'caller', isConflictResolved = false } = options;
    const cooldownSeconds = this.policy.resendCooldownSeconds;
    const adopted =
      inFlight &&
      (await this.repository.adopt(request.id, inFlight, earlierSendLost, cooldownSeconds, actor));
    if (adopted) return success(adopted);
    const resolution =
      inFlight && !isConflictResolved ? await this.conflict.resolve(request.id, inFlight) : null;
    if (resolution?.isFree) return this.send(request, e164, { ...options, isConflictResolved: true });

    const event = earlierSendLost ? 'send-lost' : 'send-rejected';
    const ended = await this.repository.finishSend(request, { event }, actor, 'already-pending');
    if (charge && !earlierSendLost) await this.limits.giveBack(charge, 'destination');
    const left = ended && (request.expiresAt.getTime() - ended.readAt.getTime()) / 1000;
    return failure('phone-busy', {
      retryAfterSeconds:
        resolution?.retryAfterSeconds ?? Math.max(1, Math.ceil(left ?? PROVIDER_BUSY_SECONDS)),
    });
  }

  private async asOthersLeftIt(id: string): Promise<RequestResult> {
    const request = await this.requests.findById(id);
    if (!request) return failure('unknown-request');
    return request.status === 'PENDING' ? success(request) : refusalOf(request);
  }
}
