import { Injectable } from '@nestjs/common';
import type { Channel, VerificationResult } from '../../verification/index.js';
import type { SignedInSession } from '../assurance/assurance.js';
import { BoundRequests, type OnBoundRequest, type Origin } from '../bound-requests.js';
import { type EnrolledFactor, Factor } from '../factors/factor.js';
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
    }: { phoneId: string; channel?: Channel; purpose?: string; locale?: string; origin: Origin },
  ): Promise<VerificationResult> {
    const number = await this.phones.numberOf(session.userId, phoneId);
    return this.requests.start(session, phoneId, {
      phoneNumber: number.e164,
      channel,
      purpose,
      confirmed: true,
      origin,
      ...(locale ? { locale } : {}),
    });
  }

  /** Checks a code of {@link challenge}: right only from the session that asked, while that phone is enrolled. */
  check(session: SignedInSession, on: OnBoundRequest & { code: string }): Promise<VerificationResult> {
    return this.requests.check(session, on);
  }

  resend(
    session: SignedInSession,
    on: OnBoundRequest & { channel?: Channel; origin: Origin },
  ): Promise<VerificationResult> {
    return this.requests.resend(session, on);
  }

  find(session: SignedInSession, on: OnBoundRequest): Promise<VerificationResult> {
    return this.requests.find(session, on);
  }
}
