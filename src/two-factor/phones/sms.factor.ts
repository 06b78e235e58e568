import { Injectable } from '@nestjs/common';
import {
  type Caller,
  type Channel,
  type VerificationResult,
  VerificationService,
} from '../../verification/index.js';
import { type EnrolledFactor, Factor } from '../factors/factor.js';
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
    }: { phoneId: string; channel?: Channel; purpose?: string; locale?: string; origin?: Origin },
  ): Promise<VerificationResult> {
    const number = await this.phones.numberOf(userId, phoneId);
    return this.verifications.start({
      phoneNumber: number.e164,
      channel,
      purpose,
      confirmed: true,
      caller: { ...origin, userId },
      ...(locale ? { locale } : {}),
    });
  }

  check(
    userId: string,
    requestId: string,
    code: string,
    purpose = SECOND_FACTOR,
  ): Promise<VerificationResult> {
    return this.verifications.check({ requestId, code, purpose, caller: { userId } });
  }

  /** @param options.origin where the call comes from: a further message counts for an address as the first one does */
  resend(
    userId: string,
    requestId: string,
    { origin, channel, purpose = SECOND_FACTOR }: { origin: Origin; channel?: Channel; purpose?: string },
  ): Promise<VerificationResult> {
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
