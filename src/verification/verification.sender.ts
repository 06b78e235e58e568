import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { PersonalDataCipher } from '../database/personal-data-cipher.js';
import { GIVES_BACK } from './domain/admission.js';
import { describeOutcome, type Fault, type StartOutcome } from './provider/outcomes.js';
import { PhoneNumber } from './domain/phone-number.js';
import type { VerificationPolicy } from './domain/policy.js';
import type { Actor } from './domain/verification-event.js';
import { VerificationProvider } from './provider/verification-provider.js';
import type { VerificationRecord } from './domain/verification-record.js';
import { VERIFICATION_POLICY } from './verification.options.js';
import { OwnerPrecedence } from './verification.precedence.js';
import type { ResendClaim } from './verification.changes.js';
import { VerificationRepository } from './verification.repository.js';
import { failure, refusalOf, success, type VerificationResult } from './verification.results.js';

/** How long a send or a check may be under way before someone else may take it over; longer than the provider's time-out. */
const LEASE_MARGIN_SECONDS = 3;
const RETRY_AFTER_FAULT_SECONDS = 2;
const PROVIDER_BUSY_SECONDS = 5;

/** Gets the messages of requests out, once each. No transaction and no connection is held while the provider is asked. */
@Injectable()
export class VerificationSender {
  private readonly logger = new Logger(VerificationSender.name);

  constructor(
    private readonly repository: VerificationRepository,
    private readonly provider: VerificationProvider,
    private readonly cipher: PersonalDataCipher,
    private readonly precedence: OwnerPrecedence,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  /**
   * Sends the first message of a request in SENDING.
   * @param earlierSendLost an earlier try may have reached the provider: then its conflict answer names our own message
   */
  async send(
    request: VerificationRecord,
    e164: string,
    {
      earlierSendLost = false,
      actor = 'caller',
      wayWasCleared = false,
    }: { earlierSendLost?: boolean; actor?: Actor; wayWasCleared?: boolean } = {},
  ): Promise<VerificationResult> {
    const { id } = request;
    const cooldown = this.policy.resendCooldownSeconds;
    const outcome = await this.askProvider(request, e164);
    const told = describeOutcome(outcome);
    switch (outcome.outcome) {
      case 'started':
        return this.settled(id, await this.repository.sent(id, outcome.providerRequestId, cooldown, actor));
      case 'already-pending': {
        const inFlight = outcome.providerRequestId;
        const adopted =
          inFlight && (await this.repository.adopt(id, inFlight, earlierSendLost, cooldown, actor));
        if (adopted) return success(adopted);
        const way = inFlight && !wayWasCleared ? await this.precedence.clearTheWay(id, inFlight) : null;
        if (way?.isFree) return this.send(request, e164, { earlierSendLost, actor, wayWasCleared: true });
        const reason = earlierSendLost ? 'send-lost' : 'send-rejected';
        const givesBack = earlierSendLost ? [] : GIVES_BACK.destination;
        const ended = await this.repository.failSend(id, reason, actor, told, givesBack);
        const left = ended && (request.expiresAt.getTime() - ended.readAt.getTime()) / 1000;
        return failure('phone-busy', {
          retryAfterSeconds: way?.retryAfterSeconds ?? Math.max(1, Math.ceil(left ?? PROVIDER_BUSY_SECONDS)),
        });
      }
      case 'destination-rejected':
        await this.repository.failSend(
          id,
          'send-rejected',
          actor,
          `${told} ${outcome.why}`,
          GIVES_BACK.destination,
        );
        return failure('destination-rejected');
      case 'fraud-blocked':
        await this.repository.failSend(id, 'fraud-blocked', actor, told, GIVES_BACK.destination);
        return failure('destination-not-allowed');
      case 'fault': {
        this.report('start', id, outcome);
        const retryAfterSeconds = outcome.retryAfterSeconds ?? RETRY_AFTER_FAULT_SECONDS;
        if (outcome.fault === 'unknown-outcome' || earlierSendLost) {
          const unsettled = await this.repository.sendUnknown(id, actor, told);
          return failure('provider-unavailable', {
            retryAfterSeconds,
            ...(unsettled ? { request: unsettled } : {}),
          });
        }
        await this.repository.failSend(id, 'send-rejected', actor, told, GIVES_BACK.ourFault);
        return failure('provider-unavailable', { retryAfterSeconds });
      }
    }
  }

  /** Takes over a request whose send was lost; null when it is not one, or someone else has it already. */
  async resume(id: string): Promise<VerificationResult | null> {
    const claimed = await this.repository.claimSend(id, this.leaseSeconds);
    return claimed && this.send(claimed, this.phoneNumberOf(claimed), { earlierSendLost: true });
  }

  /** Finds out what became of one lost message, of any request; null when none is lost. */
  async settleOneLost(): Promise<VerificationResult | null> {
    const send = await this.repository.claimLostSend(this.leaseSeconds);
    if (send)
      return this.send(send, this.phoneNumberOf(send), { earlierSendLost: true, actor: 'reconciler' });
    const token = randomUUID();
    const resend = await this.repository.claimLostResend(this.leaseSeconds, token);
    return resend && this.startAgain(resend, token, 'reconciler');
  }

  /** Sends a further message for a request that {@link VerificationRepository.claimResend} has claimed with `token`. */
  async resend(request: ResendClaim, token: string): Promise<VerificationResult> {
    const { channel } = request;
    if (!PhoneNumber.fromE164(this.phoneNumberOf(request)).canReceive(channel)) {
      // A landline that was called cannot be texted; nothing was asked of the provider yet.
      await this.repository.abandonResend(request, token, {
        outcomeUnknown: request.earlierSendLost,
        waitSeconds: 0,
        actor: 'caller',
        providerStatus: 'not asked',
        givesBack: GIVES_BACK.destination,
      });
      return failure('destination-rejected', { request });
    }
    const previous = request.providerRequestId!;
    if (channel === request.previousChannel && !request.earlierSendLost) {
      const next = await this.provider.next(previous);
      if (next.outcome === 'sent') return this.resent(request, token, previous, 'caller', next);
      if (next.outcome === 'retry-later') return this.notYet(request, token, 'caller', next);
      if (next.outcome === 'fault') {
        return this.resendFault('next', request, token, 'caller', next, next.fault === 'unknown-outcome');
      }
    }
    const cancel = await this.provider.cancel(previous);
    if (cancel.outcome === 'too-early') return this.notYet(request, token, 'caller', cancel);
    if (cancel.outcome === 'fault') {
      return this.resendFault('cancel', request, token, 'caller', cancel, cancel.fault === 'unknown-outcome');
    }
    return this.startAgain(request, token, 'caller');
  }

  /** From here the old code is dead: whatever fails leaves the request without one until the next try. */
  private async startAgain(request: ResendClaim, token: string, actor: Actor): Promise<VerificationResult> {
    const previous = request.providerRequestId!;
    const start = await this.askProvider(request, this.phoneNumberOf(request));
    switch (start.outcome) {
      case 'started':
        return this.resent(request, token, start.providerRequestId, actor, start);
      case 'already-pending': {
        const inFlight = start.providerRequestId;
        // Our guard allows one live request per number, so an id that is not the one just ended is our own lost message;
        // and if it is the old one although the message was lost, then the old code is still good.
        if (inFlight && (inFlight !== previous || request.earlierSendLost)) {
          return this.resent(request, token, inFlight, actor, start);
        }
        return this.notYet(request, token, actor, start);
      }
      case 'destination-rejected':
      case 'fraud-blocked': {
        const reason = start.outcome === 'fraud-blocked' ? 'fraud-blocked' : 'send-rejected';
        await this.repository.finishCheck(request, token, {
          to: 'FAILED',
          event: reason,
          reason,
          actor,
          providerStatus: describeOutcome(start),
        });
        await this.repository.giveBack(request.id, GIVES_BACK.destination);
        return failure(
          start.outcome === 'fraud-blocked' ? 'destination-not-allowed' : 'destination-rejected',
        );
      }
      case 'fault':
        return this.resendFault('start', request, token, actor, start, true);
    }
  }

  /** Ends the provider's side of a request that is over here. Best effort: what it refuses lapses by itself. */
  async release(request: VerificationRecord): Promise<void> {
    if (!request.providerRequestId) return;
    const outcome = await this.provider.cancel(request.providerRequestId);
    if (outcome.outcome === 'fault') this.report('cancel', request.id, outcome);
  }

  get leaseSeconds(): number {
    return this.policy.providerTimeoutSeconds + LEASE_MARGIN_SECONDS;
  }

  report(operation: string, requestId: string, { fault, detail }: Fault): void {
    const line = { requestId, provider: this.provider.name, operation, fault, detail };
    if (fault === 'misconfigured' || fault === 'bad-request') this.logger.error(line, 'provider refused us');
    else this.logger.warn(line, 'provider fault');
  }

  private askProvider(request: VerificationRecord, phoneNumber: string): Promise<StartOutcome> {
    return this.provider.start({
      phoneNumber,
      channel: request.channel,
      codeLength: request.codeLength,
      ttlSeconds: this.policy.ttlSeconds,
      clientReference: request.id.replaceAll('-', ''),
      ...(request.locale ? { locale: request.locale } : {}),
    });
  }

  private phoneNumberOf(request: VerificationRecord): string {
    return this.cipher.open(request.phoneNumber!, 'verification_requests.phone_number', request.id);
  }

  /** After a compare-and-set: the row it changed, or else the row as somebody left it. */
  private async settled(id: string, changed: VerificationRecord | null): Promise<VerificationResult> {
    const request = changed ?? (await this.repository.findById(id));
    if (!request) return failure('unknown-request');
    return request.status === 'PENDING' ? success(request) : refusalOf(request);
  }

  private async resent(
    request: VerificationRecord,
    token: string,
    providerRequestId: string,
    actor: Actor,
    said: { outcome: string },
  ) {
    const { ttlSeconds, resendCooldownSeconds: cooldownSeconds } = this.policy;
    const providerStatus = describeOutcome(said);
    const sent = { providerRequestId, ttlSeconds, cooldownSeconds, actor, providerStatus };
    return this.settled(request.id, await this.repository.finishResend(request.id, token, sent));
  }

  /** The provider wants a little more time before it lets go of the last message; the person just waits. */
  private async notYet(request: ResendClaim, token: string, actor: Actor, said: { outcome: string }) {
    const left = await this.repository.abandonResend(request, token, {
      outcomeUnknown: request.earlierSendLost,
      waitSeconds: PROVIDER_BUSY_SECONDS,
      actor,
      providerStatus: describeOutcome(said),
      givesBack: GIVES_BACK.ourFault,
    });
    return failure('cooldown', {
      retryAfterSeconds: PROVIDER_BUSY_SECONDS,
      ...(left ? { request: left } : {}),
    });
  }

  private async resendFault(
    operation: string,
    request: ResendClaim,
    token: string,
    actor: Actor,
    outcome: Fault,
    codeMayBeDead: boolean,
  ) {
    this.report(operation, request.id, outcome);
    const retryAfterSeconds = outcome.retryAfterSeconds ?? RETRY_AFTER_FAULT_SECONDS;
    const left = await this.repository.abandonResend(request, token, {
      outcomeUnknown: codeMayBeDead || request.earlierSendLost,
      waitSeconds: retryAfterSeconds,
      actor,
      providerStatus: `${operation}: ${describeOutcome(outcome)}`,
      givesBack: GIVES_BACK.ourFault,
    });
    return failure('provider-unavailable', { retryAfterSeconds, ...(left ? { request: left } : {}) });
  }
}
