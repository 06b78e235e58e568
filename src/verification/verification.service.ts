import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { PhoneVault } from '../database/phone-vault.js';
import { type Caller, identityOf } from './domain/caller.js';
import { parseOneTimeCode } from './domain/one-time-code.js';
import type { CheckOutcome } from './domain/outcomes.js';
import { type Channel, PhoneNumber } from './domain/phone-number.js';
import type { VerificationPolicy } from './domain/policy.js';
import { VerificationProvider } from './domain/verification-provider.js';
import { publicStatus, secondsUntil, type VerificationRecord } from './domain/verification-record.js';
import { VERIFICATION_POLICY } from './verification.options.js';
import { VerificationRepository } from './verification.repository.js';
import { failure, refusalOf, success, type VerificationResult } from './verification.results.js';
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
    private readonly vault: PhoneVault,
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
    const request = {
      id,
      purpose,
      channel,
      sealedPhoneNumber: this.vault.seal(phone.e164, id),
      phoneFingerprint: this.vault.fingerprint('phone', phone.e164),
      phoneCountry: phone.country,
      phoneLastDigits: phone.lastDigits,
      confirmedFor: '',
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
      const live = await this.repository.findLive(request.phoneFingerprint, request.confirmedFor);
      if (live) return this.rejoin(live, request);
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
    const claimed = await this.repository.claimCheck(this.claim(input, token));
    if (!claimed) return this.refuse(input);

    const outcome = await this.provider.check(claimed.providerRequestId!, typed.code);
    return this.finishCheck(claimed, token, outcome);
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
    if (publicStatus(request) === 'PENDING' && request.attempts < request.maxAttempts) {
      if (request.sends >= this.policy.maxSends) {
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
    const cancelled = await this.repository.cancel(requestId, this.fingerprintOf(input.caller), purpose);
    if (!cancelled) return this.refuse(input);
    await this.sender.release(cancelled);
    return success(cancelled);
  }

  /** The request as it is now, if the caller may know of it. */
  async find({ requestId, purpose = DEFAULT_PURPOSE, caller }: OnVerification): Promise<VerificationResult> {
    const request = await this.repository.findById(requestId);
    const theirs =
      request?.purpose === purpose &&
      (!request.callerBound || request.callerFingerprint.equals(this.fingerprintOf(caller)));
    return theirs ? success(request) : failure('unknown-request');
  }

  private async finishCheck(
    claimed: VerificationRecord,
    token: string,
    outcome: CheckOutcome,
  ): Promise<VerificationResult> {
    const finish = async (...change: ChangeAfterCheck) => {
      const changed = await this.repository.finishCheck(claimed.id, token, ...change);
      return changed ?? (await this.repository.findById(claimed.id));
    };
    switch (outcome.outcome) {
      case 'matched': {
        const request = await finish('VERIFIED', null, false);
        if (!request) return failure('unknown-request');
        // Anything else than our own VERIFIED means that the request was ended while the provider was asked.
        return request.status === 'VERIFIED' ? success(request) : refusalOf(request);
      }
      case 'mismatched': {
        const spent = claimed.attempts >= claimed.maxAttempts;
        const request = spent
          ? await finish('FAILED', 'attempts-exhausted', false)
          : await finish('PENDING', null, false);
        if (!request || publicStatus(request) !== 'PENDING') return refusalOf(request ?? claimed);
        return failure('wrong-code', { request });
      }
      case 'exhausted':
        return refusalOf((await finish('FAILED', 'attempts-exhausted', false)) ?? claimed);
      case 'gone':
        // Unknown, expired, or verified by a check whose answer was lost: never a success.
        return refusalOf((await finish('FAILED', 'provider-ended', false)) ?? claimed);
      case 'not-checkable-now':
        return failure('not-ready', {
          request: (await finish('PENDING', null, true)) ?? claimed,
          retryAfterSeconds: 2,
        });
      case 'fault': {
        this.sender.report('check', claimed.id, outcome);
        const judged = outcome.fault === 'unknown-outcome';
        const request = (await finish('PENDING', null, !judged)) ?? claimed;
        return failure('provider-unavailable', {
          request,
          retryAfterSeconds: outcome.retryAfterSeconds ?? 2,
        });
      }
    }
  }

  /** The number has a live request: the same caller gets it again, anybody else has to wait. */
  private async rejoin(
    live: VerificationRecord,
    { callerFingerprint, purpose }: { callerFingerprint: Buffer; purpose: string },
  ): Promise<VerificationResult> {
    if (live.purpose !== purpose || !live.callerFingerprint.equals(callerFingerprint)) {
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
    return known.ok ? refusalOf(known.request) : known;
  }

  private claim({ requestId, caller, purpose = DEFAULT_PURPOSE }: OnVerification, token: string) {
    const callerFingerprint = this.fingerprintOf(caller);
    return { id: requestId, purpose, callerFingerprint, token, leaseSeconds: this.sender.leaseSeconds };
  }

  private fingerprintOf(caller: Caller): Buffer {
    return this.vault.fingerprint('caller', identityOf(caller).text);
  }
}

type ChangeAfterCheck =
  Parameters<VerificationRepository['finishCheck']> extends [string, string, ...infer Change]
    ? Change
    : never;
