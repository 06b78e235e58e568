import { Injectable } from '@nestjs/common';
import {
  type Caller,
  type Channel,
  type VerificationFailure,
  type VerificationResult,
  VerificationService,
} from '../../verification/index.js';
import { type EnrolledFactor, Factor } from '../factors/factor.js';
import { type FactorCaller, UNKNOWN_CALLER } from '../factors/factor-caller.js';
import { FactorLimits } from '../factors/factor-limits.js';
import { EnrolledPhones, maskOf } from './enrolled-phones.service.js';

/** Of codes that show the factor; enrolment and step-ups have purposes of their own. */
export const SECOND_FACTOR = 'second-factor';

/** Where a call comes from, for the record; `originOf(request)`. */
export type Origin = Pick<Caller, 'address' | 'userAgent'>;

/** A code by text message or call to a phone that the user has proven before. */
@Injectable()
export class SmsFactor extends Factor {
  readonly method = 'sms';
  readonly amr = 'sms';

  constructor(
    private readonly phones: EnrolledPhones,
    private readonly verifications: VerificationService,
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
    userId: string,
    {
      phoneId,
      channel = 'sms',
      purpose = SECOND_FACTOR,
      locale,
      origin = {},
      by = UNKNOWN_CALLER,
    }: {
      phoneId: string;
      channel?: Channel;
      purpose?: string;
      locale?: string;
      origin?: Origin;
      by?: FactorCaller;
    },
  ): Promise<VerificationResult> {
    const wait = await this.limits.waitSeconds(userId, this.method, by);
    if (wait !== null) return mustWait(wait);
    const number = await this.phones.numberOf(userId, phoneId);
    return this.verifications.start({
      phoneNumber: number.e164,
      channel,
      purpose,
      confirmed: true,
      callerCountsWrongCodes: true,
      caller: { ...origin, userId },
      ...(locale ? { locale } : {}),
    });
  }

  /** @param by by whom wrong codes are counted, over all requests */
  async check(
    userId: string,
    requestId: string,
    code: string,
    { purpose = SECOND_FACTOR, by = UNKNOWN_CALLER }: { purpose?: string; by?: FactorCaller } = {},
  ): Promise<VerificationResult> {
    const attempt = await this.limits.spend(userId, this.method, by);
    if (attempt.waitSeconds !== null) return mustWait(attempt.waitSeconds);
    const result = await this.verifications.check({ requestId, code, purpose, caller: { userId } });
    if (result.ok) await this.limits.forget(userId, this.method, by);
    else if (isWrong(result)) await this.limits.wasWrong(userId, this.method, attempt);
    else if (!mayBeWrong(result)) await this.limits.giveBack(userId, this.method, by);
    return result;
  }

  /** @param options.origin where the call comes from: a further message counts for an address as the first one does */
  async resend(
    userId: string,
    requestId: string,
    {
      origin,
      channel,
      purpose = SECOND_FACTOR,
      by = UNKNOWN_CALLER,
    }: { origin: Origin; channel?: Channel; purpose?: string; by?: FactorCaller },
  ): Promise<VerificationResult> {
    const wait = await this.limits.waitSeconds(userId, this.method, by);
    if (wait !== null) return mustWait(wait);
    return this.verifications.resend({
      requestId,
      purpose,
      caller: { ...origin, userId },
      ...(channel ? { channel } : {}),
    });
  }

  find(userId: string, requestId: string, purpose = SECOND_FACTOR): Promise<VerificationResult> {
    return this.verifications.find({ requestId, purpose, caller: { userId } });
  }
}

const mustWait = (retryAfterSeconds: number): VerificationResult => ({
  ok: false,
  code: 'rate-limited',
  retryAfterSeconds,
});

/** The provider has looked at the code; the last wrong one of a request ends it. */
const isWrong = ({ code }: VerificationFailure) => code === 'wrong-code' || code === 'attempts-exhausted';

/** The provider was asked, and its answer was lost. When it was out of service, it has looked at nothing. */
const mayBeWrong = ({ code, request }: VerificationFailure) =>
  code === 'provider-unavailable' && request?.checkInDoubt !== false;
