import { Inject, Injectable } from '@nestjs/common';
import {
  type Channel,
  readTypedCode,
  type StartVerification,
  VERIFICATION_POLICY,
  type VerificationFailure,
  type VerificationPolicy,
  type VerificationResult,
} from '../../verification/index.js';
import { type EnrolledFactor, Factor } from '../challenge/factor.js';
import { FactorAttempts } from '../challenge/factor-attempts.js';
import type { SignedInCaller } from '../session/assurance.js';
import { BoundRequests, type OnBoundRequest } from './bound-requests.js';
import { EnrolledPhones, maskOf } from './enrolled-phones.service.js';

/** The purpose of codes that show a factor at sign-in. Enrolments and step-ups have purposes of their own. */
export const SECOND_FACTOR = 'second-factor';

/** A code by text message or call to a phone that the user has enrolled. */
@Injectable()
export class SmsFactor extends Factor {
  readonly method = 'sms';
  readonly amr = 'sms';

  constructor(
    private readonly phones: EnrolledPhones,
    private readonly requests: BoundRequests,
    private readonly attempts: FactorAttempts,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {
    super();
  }

  async enrolledBy(userId: string): Promise<EnrolledFactor[]> {
    const phones = await this.phones.ofUser(userId);
    return phones.map((phone) => ({
      method: this.method,
      id: phone.id,
      label: phone.label,
      hint: maskOf(phone),
      primary: phone.isPrimary,
    }));
  }

  /**
   * Sends a code to one of the user's phones. It counts as a message to this user's confirmed number, so what strangers
   * do to the number does not limit it.
   * @throws Problem `unknown-factor`
   */
  async challenge(
    caller: SignedInCaller,
    {
      phoneId,
      channel,
      ...input
    }: { phoneId: string; purpose: string } & Pick<StartVerification, 'channel' | 'locale'>,
  ): Promise<VerificationResult> {
    const waitSeconds = await this.attempts.waitSeconds(caller, this.method);
    if (waitSeconds !== null) return mustWait(waitSeconds);
    const number = await this.phones.numberOf(caller.userId, phoneId);
    return this.requests.start(caller, {
      ...input,
      // A landline can only be called.
      channel: channel ?? (number.canReceive('sms') ? 'sms' : 'voice'),
      phoneId,
      phoneNumber: number,
      confirmed: true,
      callerCountsWrongCodes: true,
    });
  }

  /** Checks a code. It is accepted only in the session that asked for it, while that phone is enrolled. */
  async check(caller: SignedInCaller, on: OnBoundRequest & { code: string }): Promise<VerificationResult> {
    // A malformed code is never checked, so it is no attempt.
    if (!(await this.isCode(caller, on))) return this.requests.check(caller, on);
    const attempt = await this.attempts.begin(caller, this.method);
    if (attempt.waitSeconds !== null) return mustWait(attempt.waitSeconds);
    const result = await this.requests.check(caller, on);
    if (result.ok) await this.attempts.reset(caller, this.method);
    else if (isWrong(result)) await this.attempts.wasWrong(caller, this.method, attempt);
    else if (!result.outcomeUnknown) await this.attempts.giveBack(caller, this.method);
    return result;
  }

  /** Sends a new code for the same request. */
  async resend(
    caller: SignedInCaller,
    on: OnBoundRequest & { channel?: Channel },
  ): Promise<VerificationResult> {
    const waitSeconds = await this.attempts.waitSeconds(caller, this.method);
    return waitSeconds === null ? this.requests.resend(caller, on) : mustWait(waitSeconds);
  }

  private async isCode(caller: SignedInCaller, on: OnBoundRequest & { code: string }): Promise<boolean> {
    if ('code' in readTypedCode(on.code, { length: this.policy.codeLength })) return true;
    // The request may be older than the present length.
    const { request } = await this.find(caller, on);
    return request !== undefined && 'code' in readTypedCode(on.code, { length: request.codeLength });
  }

  /** The request, for any session of its user. */
  find(caller: SignedInCaller, on: OnBoundRequest): Promise<VerificationResult> {
    return this.requests.find(caller, on);
  }
}

const mustWait = (retryAfterSeconds: number): VerificationResult => ({
  ok: false,
  code: 'rate-limited',
  retryAfterSeconds,
});

/** The provider has checked the code. The last wrong one of a request ends it. */
const isWrong = ({ code }: VerificationFailure) => code === 'wrong-code' || code === 'attempts-exhausted';
