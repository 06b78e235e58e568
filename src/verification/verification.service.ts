import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { NIL, v7 as uuidv7, validate as isUuid } from 'uuid';
import { PhoneVault } from '../database/phone-vault.js';
import { type Caller, identityOf } from './domain/caller.js';
import { parseOneTimeCode } from './domain/one-time-code.js';
import { type Channel, PhoneNumber } from './domain/phone-number.js';
import type { VerificationPolicy } from './domain/policy.js';
import { VerificationProvider } from './domain/verification-provider.js';
import {
  isInDoubt,
  publicStatus,
  secondsUntil,
  type VerificationRecord,
} from './domain/verification-record.js';
import { KeyRotator } from './verification.key-rotator.js';
import { VerificationJudge } from './verification.judge.js';
import { VERIFICATION_POLICY } from './verification.options.js';
import { VerificationRepository } from './verification.repository.js';
import {
  failure,
  refusalOf,
  refusalToWait,
  success,
  type VerificationResult,
} from './verification.results.js';
import { VerificationSender } from './verification.sender.js';

export const DEFAULT_PURPOSE = 'phone-verification';

export interface StartVerification {
  /** Any spelling; see {@link PhoneNumber.tryParse}. */
  phoneNumber: string;
  /** ISO 3166-1 alpha-2, for a national spelling. */
  country?: string;
  channel?: Channel;
  /** BCP 47 in lower case, for the message's language. */
  locale?: string;
  /** What the proof is for; a request answers to its purpose only. */
  purpose?: string;
  /**
   * The number is a factor that the caller's user has confirmed before. Its limits are its own then: what strangers do
   * to the number does not touch them. Needs `caller.userId`.
   */
  confirmed?: boolean;
  caller: Caller;
}

export interface OnVerification {
  requestId: string;
  purpose?: string;
  caller: Caller;
}

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
    private readonly provider: VerificationProvider,
    private readonly sender: VerificationSender,
    private readonly judge: VerificationJudge,
    private readonly vault: PhoneVault,
    private readonly keys: KeyRotator,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  /**
   * Sends a code to a number. Repeated by the same caller while the request lives, it returns that request and sends
   * nothing: a refresh or a double click costs nothing.
   */
  async start(input: StartVerification): Promise<VerificationResult> {
    const { channel = 'sms', purpose = DEFAULT_PURPOSE, caller } = input;
    const phone = PhoneNumber.tryParse(input.phoneNumber, input.country);
    if (!phone?.canReceive(channel)) return failure('invalid-phone-number');
    const { allowedCountries } = this.policy;
    if (allowedCountries && !allowedCountries.includes(phone.country))
      return failure('destination-not-allowed');

    const identity = identityOf(caller);
    const id = uuidv7();
    const [phoneFingerprint, ...older] = this.vault.fingerprints('phone', phone.e164);
    // Only while a fingerprint key is being replaced: what the number did under the old key counts under the new one.
    if (older.length > 0) await this.keys.carryOver(phoneFingerprint, older);
    const request = {
      id,
      purpose,
      channel,
      sealedPhoneNumber: this.vault.seal(phone.e164, id),
      phoneFingerprint,
      phoneCountry: phone.country,
      phoneLastDigits: phone.lastDigits,
      confirmedFor: (input.confirmed && caller.userId) || '',
      userId: caller.userId ?? null,
      callerFingerprint: this.vault.fingerprint('caller', identity.text),
      callerBound: identity.bound,
      locale: input.locale ?? null,
      codeLength: this.policy.codeLength,
      maxAttempts: this.policy.maxAttempts,
      ttlSeconds: this.policy.ttlSeconds,
      provider: this.provider.name,
      sendLeaseSeconds: this.sender.leaseSeconds,
    };
    // The number may be freed between being refused and being looked at: then it is worth one more try.
    for (let tries = 0; tries < 2; tries += 1) {
      const created = await this.repository.start(request);
      if (created) return this.sender.send(created, phone.e164);
      const live = await this.repository.findLive(phoneFingerprint, request.confirmedFor);
      if (live && request.confirmedFor !== '' && live.purpose !== purpose) {
        // One person wants one code at a time: the newest purpose is what they are doing.
        const { id: requestId, purpose: older } = live;
        if ((await this.cancel({ requestId, purpose: older, caller })).ok) continue;
      }
      if (live) return this.rejoin(live, request, caller);
      const wait = await this.repository.findWait(phoneFingerprint, request.confirmedFor, request.userId);
      const refusal = refusalToWait(wait);
      if (refusal) return refusal;
    }
    return failure('phone-busy', { retryAfterSeconds: 1 });
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
    const claim = this.claim(input, token);
    // A provider that can tell what became of an unanswered check is asked that before another code goes to it.
    const claimed = await this.repository.claimCheck(claim, !this.judge.canAsk);
    if (claimed) return this.judge.check(claimed, token, typed.code);

    const known = await this.find(input);
    if (!known.ok || !isInDoubt(known.request)) return this.refuse(input);
    const settled = await this.judge.settleDoubt(known.request.id);
    if (settled?.status === 'VERIFIED') return success(settled);
    const second = settled && (await this.repository.claimCheck(claim, !this.judge.canAsk));
    return second ? this.judge.check(second, token, typed.code) : this.refuse(input);
  }

  /** Sends a new code for the same request, by the same channel or another. Wrong codes stay counted. */
  async resend(input: OnVerification & { channel?: Channel }): Promise<VerificationResult> {
    const token = randomUUID();
    const claimed = await this.repository.claimResend(
      this.claim(input, token),
      this.policy.maxSends,
      input.channel ?? null,
    );
    if (claimed) return this.sender.resend(claimed, token);

    const known = await this.find(input);
    if (!known.ok) return known;
    const { request } = known;
    if (request.status === 'SENDING') {
      const resumed = await this.sender.resume(request.id);
      if (resumed) return resumed;
    }
    const wait = await this.waitOf(request);
    if (wait) return wait;
    if (publicStatus(request) === 'PENDING' && request.attempts < request.maxAttempts) {
      if (request.sends >= this.policy.maxSends && request.sendUntil === null) {
        return failure('rate-limited', {
          request,
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

  /** Ends a request; its code is worth nothing from then on, also if the provider cannot be told. */
  async cancel(input: OnVerification): Promise<VerificationResult> {
    const { requestId, purpose = DEFAULT_PURPOSE } = input;
    const cancelled = await this.repository.cancel(
      idOf(requestId),
      this.fingerprintsOf(input.caller),
      purpose,
    );
    if (!cancelled) return this.refuse(input);
    await this.sender.release(cancelled);
    return success(cancelled);
  }

  /**
   * Lifts what wrong codes have brought upon a number or a user: the way out of a lock.
   * @returns whether there was anything to lift
   */
  async liftLock(of: { phoneNumber: string; country?: string } | { userId: string }): Promise<boolean> {
    if ('userId' in of) return this.repository.liftLockOfUser(of.userId);
    const phone = PhoneNumber.tryParse(of.phoneNumber, of.country);
    return phone !== null && this.repository.liftLock(this.vault.fingerprints('phone', phone.e164));
  }

  /** The whole number of a request, in E.164: for those who keep a proven number. @throws Error once it is erased */
  phoneNumberOf(request: VerificationRecord): PhoneNumber {
    if (request.phoneNumber === null) throw new Error('the number of this request is erased');
    return PhoneNumber.fromE164(this.vault.open(request.phoneNumber, request.id));
  }

  /** The request as it is now, if the caller may know of it. */
  async find({ requestId, purpose = DEFAULT_PURPOSE, caller }: OnVerification): Promise<VerificationResult> {
    const request = await this.repository.findById(idOf(requestId));
    const theirs = request?.purpose === purpose && (!request.callerBound || this.isFrom(caller, request));
    return theirs ? success(request) : failure('unknown-request');
  }

  /** The number has a live request: the same caller gets it again, anybody else has to wait. */
  private async rejoin(
    live: VerificationRecord,
    { purpose }: { purpose: string },
    caller: Caller,
  ): Promise<VerificationResult> {
    if (live.purpose !== purpose || !this.isFrom(caller, live)) {
      return failure('phone-busy', { retryAfterSeconds: secondsUntil(live.expiresAt, live) });
    }
    const giveUpAt = Date.now() + REJOIN_WAIT_MS;
    let request: VerificationRecord | null = live;
    while (request?.status === 'SENDING') {
      const lapsed = request.sendUntil !== null && request.sendUntil <= request.readAt;
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
  private async refuse(input: OnVerification): Promise<VerificationResult> {
    const known = await this.find(input);
    if (!known.ok) return known;
    const wait = publicStatus(known.request) === 'PENDING' ? await this.waitOf(known.request) : null;
    return wait ?? refusalOf(known.request);
  }

  private async waitOf(request: VerificationRecord): Promise<VerificationResult | null> {
    return refusalToWait(await this.repository.findWaitOf(request.id), request);
  }

  private claim({ requestId, caller, purpose = DEFAULT_PURPOSE }: OnVerification, token: string) {
    const callerFingerprints = this.fingerprintsOf(caller);
    return {
      id: idOf(requestId),
      purpose,
      callerFingerprints,
      token,
      leaseSeconds: this.sender.leaseSeconds,
    };
  }

  private isFrom(caller: Caller, request: VerificationRecord): boolean {
    return this.fingerprintsOf(caller).some((fingerprint) => fingerprint.equals(request.callerFingerprint));
  }

  private fingerprintsOf(caller: Caller): Buffer[] {
    return this.vault.fingerprints('caller', identityOf(caller).text);
  }
}

/** What is no id names no request; Postgres would call it an error. */
const idOf = (requestId: string) => (isUuid(requestId) ? requestId : NIL);
