import { Injectable } from '@nestjs/common';
import type { Channel, VerificationFailure, VerificationResult } from '../../verification/index.js';
import type { SignedInSession } from '../assurance/assurance.js';
import { BoundRequests, type OnBoundRequest, type Origin } from '../bound-requests.js';
import { type EnrolledFactor, Factor } from '../factors/factor.js';
import { type FactorCaller, UNKNOWN_CALLER } from '../factors/factor-caller.js';
import { FactorLimits } from '../factors/factor-limits.js';
import { EnrolledPhones, maskOf } from './enrolled-phones.service.js';

/** Of codes that show the factor; enrolment and step-ups have purposes of their own. */
export const SECOND_FACTOR = 'second-factor';

/** A code by text message or call to a phone that the user has proven before. */
@Injectable()
export class SmsFactor extends Factor {
  readonly method = 'sms';
  readonly amr = 'sms';

  constructor(
    private readonly phones: EnrolledPhones,
    private readonly requests: BoundRequests,
    private readonly limits: FactorLimits,
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
   * Sends a code to one of the user's phones. Its limits are those of this user's confirmed number: what strangers do to
   * the number does not touch them.
   * @throws Problem `unknown-factor`
   */
  async challenge(
    session: SignedInSession,
    {
      phoneId,
      channel = 'sms',
      purpose = SECOND_FACTOR,
      locale,
      origin,
      by = UNKNOWN_CALLER,
    }: {
      phoneId: string;
      channel?: Channel;
      purpose?: string;
      locale?: string;
      origin: Origin;
      by?: FactorCaller;
    },
  ): Promise<VerificationResult> {
    const wait = await this.limits.waitSeconds(session.userId, this.method, by);
    if (wait !== null) return mustWait(wait);
    const number = await this.phones.numberOf(session.userId, phoneId);
    return this.requests.start(session, phoneId, {
      phoneNumber: number.e164,
      channel,
      purpose,
      confirmed: true,
      callerCountsWrongCodes: true,
      origin,
      ...(locale ? { locale } : {}),
    });
  }

  /**
   * Checks a code of {@link challenge}: right only from the session that asked, while that phone is enrolled.
   * @param by by whom wrong codes are counted, over all requests
   */
  async check(
    session: SignedInSession,
    on: OnBoundRequest & { code: string },
    by: FactorCaller = UNKNOWN_CALLER,
  ): Promise<VerificationResult> {
    const { userId } = session;
    const attempt = await this.limits.spend(userId, this.method, by);
    if (attempt.waitSeconds !== null) return mustWait(attempt.waitSeconds);
    const result = await this.requests.check(session, on);
    if (result.ok) await this.limits.forget(userId, this.method, by);
    else if (isWrong(result)) await this.limits.wasWrong(userId, this.method, attempt);
    else if (!result.outcomeUnknown) await this.limits.giveBack(userId, this.method, by);
    return result;
  }

  async resend(
    session: SignedInSession,
    on: OnBoundRequest & { channel?: Channel; origin: Origin },
    by: FactorCaller = UNKNOWN_CALLER,
  ): Promise<VerificationResult> {
    const wait = await this.limits.waitSeconds(session.userId, this.method, by);
    if (wait !== null) return mustWait(wait);
    return this.requests.resend(session, on);
  }

  find(session: SignedInSession, on: OnBoundRequest): Promise<VerificationResult> {
    return this.requests.find(session, on);
  }
}

const mustWait = (retryAfterSeconds: number): VerificationResult => ({
  ok: false,
  code: 'rate-limited',
  retryAfterSeconds,
});

/** The provider has looked at the code; the last wrong one of a request ends it. */
const isWrong = ({ code }: VerificationFailure) => code === 'wrong-code' || code === 'attempts-exhausted';
