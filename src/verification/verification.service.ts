import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { NIL, validate as isUuid } from 'uuid';
import { PersonalDataCipher } from '../database/personal-data-cipher.js';
import type { Caller } from './domain/caller.js';
import { parseOneTimeCode } from './domain/one-time-code.js';
import { type Channel, PhoneNumber } from './domain/phone-number.js';
import type { VerificationPolicy } from './domain/policy.js';
import {
  isCoolingDown,
  isInDoubt,
  publicStatus,
  secondsUntil,
  type VerificationRecord,
} from './domain/verification-record.js';
import { VerificationAdmission } from './verification.admission.js';
import { CallerFingerprints } from './verification.callers.js';
import { DEFAULT_PURPOSE, type OnVerification, type StartVerification } from './verification.input.js';
import { VerificationJudge } from './verification.judge.js';
import { VERIFICATION_POLICY } from './verification.options.js';
import { VerificationRepository } from './verification.repository.js';
import {
  failure,
  refusalOf,
  refusalOfRule,
  refusalToWait,
  type SimulatedStart,
  success,
  type VerificationFailure,
  type VerificationResult,
} from './verification.results.js';
import { VerificationSender } from './verification.sender.js';

/** How long a repeated start waits for the first one's message to be out. */
const REJOIN_WAIT_MS = 2000;
const REJOIN_POLL_MS = 100;

/**
 * Proves that somebody controls a phone number. Every method answers with the request or with a failure to look at;
 * it throws only when the database is away.
 */
@Injectable()
export class VerificationService {
  constructor(
    private readonly repository: VerificationRepository,
    private readonly sender: VerificationSender,
    private readonly judge: VerificationJudge,
    private readonly cipher: PersonalDataCipher,
    private readonly admission: VerificationAdmission,
    private readonly callers: CallerFingerprints,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  /**
   * Sends a code to a number. Repeated by the same caller while the request lives, it returns that request and sends
   * nothing: a refresh or a double click costs nothing.
   */
  async start(input: StartVerification): Promise<VerificationResult> {
    const phone = PhoneNumber.tryParse(input.phoneNumber, input.country);
    if (!phone?.canReceive(input.channel ?? 'sms')) return failure('invalid-phone-number');

    const { request, rules } = await this.admission.prepare(phone, input);
    // The number may be freed between being refused and being looked at: then it is worth one more try.
    for (let tries = 0; tries < 3; tries += 1) {
      const { request: created, ...admission } = await this.repository.start(request, rules);
      if (created) return this.sender.send(created, phone.e164);
      if (admission.outcome === 'refused') return refusalOfRule(admission, rules);
      const live = await this.repository.findLive(request.phoneFingerprint, request.confirmedFor);
      if (!live) continue;
      if (admission.outcome === 'joined') {
        if (this.callers.mayProve(input.caller, live)) return this.rejoin(live);
        // Another session of the same user asked for it, and has the time of the cooldown to type its code.
        if (isCoolingDown(live)) return success({ ...live, requestedElsewhere: true });
      }
      // One person wants one code at a time: the newest purpose, and the newest session, is where they are.
      await this.end(live, input.caller);
    }
    return failure('phone-busy', { retryAfterSeconds: 1 });
  }

  /** What {@link start} would decide now, with every rule and its input; takes and records nothing. */
  simulateStart(input: StartVerification): Promise<SimulatedStart> {
    return this.admission.simulate(input);
  }

  /** Checks a typed code. At most `maxAttempts` codes of a request ever reach the provider, and one is accepted once. */
  async check(input: OnVerification & { code: string }): Promise<VerificationResult> {
    const typed = parseOneTimeCode(input.code, this.policy.codeLength);
    if ('defect' in typed) {
      const known = await this.find(input);
      return failure('invalid-input', {
        codeDefect: typed.defect,
        ...(known.ok ? { request: known.request } : {}),
      });
    }
    const token = randomUUID();
    const codeFingerprints = this.callers.ofCode(input.requestId, typed.code, input.caller);
    const claim = {
      ...this.claim(input, token),
      proverFingerprints: this.callers.ofProvers(input.caller),
      codeFingerprint: codeFingerprints[0],
    };
    // A provider that can tell what became of an unanswered check is asked that before another code goes to it.
    const claimed = await this.repository.claimCheck(claim, !this.judge.canAsk);
    if (claimed) return this.judge.check(claimed, token, typed.code);

    const known = await this.find(input);
    let status = known.ok ? known.request.status : null;
    if (known.ok && isInDoubt(known.request)) {
      const settled = await this.judge.settleDoubt(known.request.id);
      status = settled?.status ?? status;
      const second = settled && (await this.repository.claimCheck(claim, !this.judge.canAsk));
      if (second) return this.judge.check(second, token, typed.code);
    }
    // A verdict that came late belongs to the code it was asked about: only who repeats that code gets the success.
    const accepted =
      status === 'VERIFIED' ? await this.repository.acceptLateVerdict(claim, codeFingerprints) : null;
    return accepted ? success(accepted) : this.admission.refused('check', await this.refuse(input));
  }

  /** Sends a new code for the same request, by the same channel or another. Wrong codes stay counted. */
  async resend(input: OnVerification & { channel?: Channel }): Promise<VerificationResult> {
    const known = await this.find(input);
    if (!known.ok) return this.admission.refused('resend', known);
    const { request } = known;
    if (request.requestedElsewhere && publicStatus(request) === 'PENDING')
      return this.admission.refused('resend', requestedElsewhere(request));
    const token = randomUUID();
    const rules = this.admission.rulesForResend(request, input);
    const claim = this.claim(input, token);
    const claimed = await this.repository.claimResend(
      claim,
      this.policy.maxSends,
      input.channel ?? null,
      rules,
    );
    if (claimed?.request) return this.sender.resend(claimed.request, token);
    if (claimed) return refusalOfRule(claimed, rules, request);
    if (request.status === 'SENDING') {
      const resumed = await this.sender.resume(request.id);
      if (resumed) return resumed;
    }
    return this.admission.refused('resend', (await this.waitOf(request)) ?? this.refusalToResend(request));
  }

  /** Ends a request; its code is worth nothing from then on, also if the provider cannot be told. */
  async cancel(input: OnVerification): Promise<VerificationResult> {
    const { requestId, purpose = DEFAULT_PURPOSE, caller } = input;
    const cancelled = await this.repository.cancel({
      id: idOf(requestId),
      purpose,
      callerFingerprints: this.callers.of(caller),
      proverFingerprints: this.callers.ofProvers(caller),
    });
    if (!cancelled) return this.refuse(input);
    await this.sender.release(cancelled);
    return success(cancelled);
  }

  /**
   * Ends every live request of a user, whichever session asked for it: the user's factors have changed. All codes are
   * dead when the first provider is told.
   */
  async cancelAllOf(userId: string): Promise<void> {
    const ids = await this.repository.findLiveOfUser(userId);
    const cancelled = await Promise.all(ids.map((id) => this.repository.cancelForUser(id, userId)));
    await Promise.all(
      cancelled.filter((request) => request !== null).map((request) => this.sender.release(request)),
    );
  }

  /** The same by an operator, for whomever it was begun. */
  async cancelByOperator(requestId: string): Promise<VerificationResult> {
    const cancelled = await this.repository.cancelByOperator(idOf(requestId));
    if (cancelled) {
      await this.sender.release(cancelled);
      return success(cancelled);
    }
    const request = await this.findForOperator(requestId);
    return request ? refusalOf(request) : failure('unknown-request');
  }

  /**
   * Lifts what wrong codes have brought upon a number or a user: the way out of a lock.
   * @returns whether there was anything to lift
   */
  async liftLock(of: { phoneNumber: string; country?: string } | { userId: string }): Promise<boolean> {
    if ('userId' in of) return this.repository.liftLockOfUser(of.userId);
    const phone = PhoneNumber.tryParse(of.phoneNumber, of.country);
    return phone !== null && this.repository.liftLock(this.cipher.fingerprints('phone', phone.e164));
  }

  /** The whole number of a request, in E.164: for those who keep a proven number. @throws Error once it is erased */
  phoneNumberOf(request: VerificationRecord): PhoneNumber {
    if (request.phoneNumber === null) throw new Error('the number of this request is erased');
    return PhoneNumber.fromE164(
      this.cipher.open(request.phoneNumber, 'verification_requests.phone_number', request.id),
    );
  }

  /** The request as it is now, whoever began it: for operators. Null when there is none. */
  findForOperator(requestId: string): Promise<VerificationRecord | null> {
    return this.repository.findById(idOf(requestId));
  }

  /** The request as it is now, if the caller may know of it. */
  async find({ requestId, purpose = DEFAULT_PURPOSE, caller }: OnVerification): Promise<VerificationResult> {
    const request = await this.repository.findById(idOf(requestId));
    const theirs =
      request?.purpose === purpose && (!request.callerBound || this.callers.isFrom(caller, request));
    if (!theirs) return failure('unknown-request');
    return success(
      this.callers.mayProve(caller, request) ? request : { ...request, requestedElsewhere: true },
    );
  }

  /** Ends a live request of the caller's user that makes way for a new one, whichever session asked for it. */
  private async end(live: VerificationRecord, caller: Caller): Promise<void> {
    const cancelled = await this.repository.cancel({
      id: live.id,
      purpose: live.purpose,
      callerFingerprints: this.callers.of(caller),
      proverFingerprints: live.proverFingerprint ? [live.proverFingerprint] : [],
    });
    if (cancelled) await this.sender.release(cancelled);
  }

  /** The number has a live request of the same caller, who gets that again. */
  private async rejoin(live: VerificationRecord): Promise<VerificationResult> {
    const giveUpAt = Date.now() + REJOIN_WAIT_MS;
    let request: VerificationRecord | null = live;
    while (request?.status === 'SENDING') {
      const lapsed = request.sendLeaseUntil !== null && request.sendLeaseUntil <= request.readAt;
      const resumed = lapsed && (await this.sender.resume(request.id));
      if (resumed) return resumed;
      if (Date.now() >= giveUpAt) return success(request);
      await sleep(REJOIN_POLL_MS);
      request = await this.repository.findById(request.id);
    }
    if (!request) return failure('unknown-request');
    // The message that this call waited for did not go out: the next try starts afresh.
    if (request.status === 'FAILED') return failure('provider-unavailable', { retryAfterSeconds: 1 });
    return publicStatus(request) === 'PENDING' ? success(request) : refusalOf(request);
  }

  /** Nothing was changed: says why, as far as the caller may know. */
  private async refuse(input: OnVerification): Promise<VerificationFailure> {
    const known = await this.find(input);
    if (!known.ok) return known;
    const { request } = known;
    if (publicStatus(request) !== 'PENDING') return refusalOf(request);
    if (request.requestedElsewhere && !isInDoubt(request)) return requestedElsewhere(request);
    return (await this.waitOf(request)) ?? refusalOf(request);
  }

  private refusalToResend(request: VerificationRecord): VerificationFailure {
    if (publicStatus(request) === 'PENDING' && request.attempts < request.maxAttempts) {
      if (request.sends >= this.policy.maxSends && request.sendLeaseUntil === null) {
        return failure('rate-limited', {
          request,
          rule: 'message-cap',
          retryAfterSeconds: secondsUntil(request.expiresAt, request),
        });
      }
      if (request.resendAvailableAt && request.resendAvailableAt > request.readAt) {
        return failure('cooldown', {
          request,
          retryAfterSeconds: secondsUntil(request.resendAvailableAt, request),
        });
      }
    }
    return refusalOf(request);
  }

  private async waitOf(request: VerificationRecord): Promise<VerificationFailure | null> {
    return refusalToWait(await this.repository.findWaitOf(request.id), request);
  }

  private claim({ requestId, caller, purpose = DEFAULT_PURPOSE }: OnVerification, token: string) {
    const callerFingerprints = this.callers.of(caller);
    return {
      id: idOf(requestId),
      purpose,
      callerFingerprints,
      token,
      leaseSeconds: this.sender.leaseSeconds,
    };
  }
}

const secondsUntilResend = (request: VerificationRecord) => secondsUntil(request.resendAvailableAt, request);

const requestedElsewhere = (request: VerificationRecord) =>
  failure('requested-elsewhere', { request, retryAfterSeconds: secondsUntilResend(request) });

/** What is no id names no request; Postgres would call it an error. */
const idOf = (requestId: string) => (isUuid(requestId) ? requestId : NIL);
