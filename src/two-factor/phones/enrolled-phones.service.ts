import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { PersonalDataCipher } from '../../crypto/index.js';
import {
  type Channel,
  maskPhoneNumber,
  PhoneNumber,
  type VerificationResult,
  VerificationService,
} from '../../verification/index.js';
import type { SignedInSession } from '../assurance/assurance.js';
import { BoundRequests, type Origin } from '../bound-requests.js';
import { FactorChanges } from '../factors/factor-changes.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';
import { type EnrolledPhoneRecord, EnrolledPhonesRepository } from './enrolled-phones.repository.js';

/** A code of one purpose is worth nothing for another. */
export const ENROLMENT = 'phone-enrolment';

/** Of an `ON CONFLICT` that there is none for: two users prove the same number at the same moment. */
const isTakenMeanwhile = (error: unknown) =>
  (error as { constraint?: string }).constraint === 'enrolled_phones_exclusive';

export const maskOf = ({ phoneCountry, phoneLastDigits }: EnrolledPhoneRecord): string =>
  maskPhoneNumber(phoneCountry, phoneLastDigits);

export interface PhoneChange {
  phone: EnrolledPhoneRecord;
  /** Of the user's factors after it. */
  epoch: number;
}

/**
 * The phones that a user has proven. What is not proven yet lives in its verification request only: an enrolment that
 * was given up leaves nothing behind.
 */
@Injectable()
export class EnrolledPhones {
  constructor(
    private readonly repository: EnrolledPhonesRepository,
    private readonly changes: FactorChanges,
    private readonly requests: BoundRequests,
    private readonly verifications: VerificationService,
    private readonly cipher: PersonalDataCipher,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  ofUser(userId: string): Promise<EnrolledPhoneRecord[]> {
    return this.repository.ofUser(userId);
  }

  /** The number of one of the user's phones. @throws Problem `unknown-factor` */
  async numberOf(userId: string, id: string): Promise<PhoneNumber> {
    const phone = await this.repository.find(userId, id);
    if (!phone) throw twoFactorProblem('unknown-factor');
    return PhoneNumber.fromE164(
      this.cipher.open(phone.phoneNumber, 'enrolled_phones.phone_number', phone.id),
    );
  }

  /**
   * Sends a code to a number that is to become a factor.
   * @throws Problem `too-many-factors`; `number-enrolled` when the user has it already
   */
  async enrol(
    session: SignedInSession,
    {
      phoneNumber,
      country,
      ...input
    }: { phoneNumber: string; country?: string; channel?: Channel; locale?: string; origin: Origin },
  ): Promise<VerificationResult> {
    const phones = await this.repository.ofUser(session.userId);
    if (phones.length >= this.options.maxPhones) throw twoFactorProblem('too-many-factors');
    const number = PhoneNumber.tryParse(phoneNumber, country);
    if (number && (await this.repository.isEnrolled(session.userId, this.fingerprintsOf(number))))
      throw twoFactorProblem('number-enrolled');
    return this.requests.start(session, null, {
      ...input,
      phoneNumber,
      purpose: ENROLMENT,
      ...(country ? { country } : {}),
    });
  }

  findEnrolment(session: SignedInSession, requestId: string): Promise<VerificationResult> {
    return this.requests.find(session, { requestId, purpose: ENROLMENT });
  }

  resendEnrolment(
    session: SignedInSession,
    on: { requestId: string; channel?: Channel; origin: Origin },
  ): Promise<VerificationResult> {
    return this.requests.resend(session, { ...on, purpose: ENROLMENT });
  }

  /**
   * Checks the code that was sent there; the number is a factor from then on.
   * @param replaces the phone whose place it takes
   * @throws Problem `unknown-factor` when there is no phone to replace: then the code is not spent
   */
  async prove(
    session: SignedInSession,
    {
      requestId,
      code,
      label,
      replaces,
    }: { requestId: string; code: string; label: string; replaces?: string },
  ): Promise<{ result: VerificationResult; change: PhoneChange | null }> {
    if (replaces && !(await this.repository.find(session.userId, replaces)))
      throw twoFactorProblem('unknown-factor');
    const result = await this.requests.check(session, { requestId, code, purpose: ENROLMENT });
    if (!result.ok) return { result, change: null };
    const number = this.verifications.phoneNumberOf(result.request);
    return { result, change: await this.add(session, number, label, replaces) };
  }

  /** @throws Problem `last-factor` where the user has to keep one, `unknown-factor` */
  remove(session: SignedInSession, id: string, mayBeLast: boolean): Promise<PhoneChange> {
    return this.change(session, async (sql) => {
      if (!mayBeLast && (await this.changes.count(sql, session.userId)) <= 1)
        throw twoFactorProblem('last-factor');
      return this.repository.remove(sql, session.userId, id);
    });
  }

  /** @throws Problem `unknown-factor` */
  makePrimary(session: SignedInSession, id: string): Promise<PhoneChange> {
    return this.change(session, (sql) => this.repository.makePrimary(sql, session.userId, id));
  }

  /** A new name is a change like any other: under it the user recognises the phone. @throws Problem `unknown-factor` */
  rename(session: SignedInSession, id: string, label: string): Promise<PhoneChange> {
    return this.change(session, (sql) => this.repository.rename(sql, session.userId, id, label));
  }

  private async change(
    session: SignedInSession,
    make: (sql: EntityManager) => Promise<EnrolledPhoneRecord | null>,
  ): Promise<PhoneChange> {
    const made = await this.changes.makeIn(session, make);
    if (!made) throw twoFactorProblem('unknown-factor');
    return { phone: made.changed, epoch: made.epoch };
  }

  private fingerprintsOf(number: PhoneNumber): [Buffer, ...Buffer[]] {
    return this.cipher.fingerprints('phone', number.e164);
  }

  private async add(
    session: SignedInSession,
    number: PhoneNumber,
    label: string,
    replaces: string | undefined,
  ): Promise<PhoneChange> {
    const { userId } = session;
    const id = uuidv7();
    const fingerprints = this.fingerprintsOf(number);
    const isExclusive = !this.options.sharedNumbers;
    try {
      return await this.change(session, async (sql) => {
        if (isExclusive && (await this.repository.isTaken(sql, userId, fingerprints)))
          throw twoFactorProblem('number-taken');
        const replaced = replaces ? await this.repository.remove(sql, userId, replaces) : null;
        if (replaces && !replaced) throw twoFactorProblem('unknown-factor');
        if ((await this.repository.count(sql, userId)) >= this.options.maxPhones)
          throw twoFactorProblem('too-many-factors');
        const phone = await this.repository.add(
          sql,
          {
            id,
            userId,
            sealedPhoneNumber: this.cipher.seal(number.e164, 'enrolled_phones.phone_number', id),
            phoneFingerprint: fingerprints[0],
            isExclusive,
            phoneCountry: number.country,
            phoneLastDigits: number.lastDigits,
            label: label || replaced?.label || '',
          },
          fingerprints,
        );
        // Proven in another request at the same moment: nothing is replaced for it.
        if (!phone) throw twoFactorProblem('number-enrolled');
        return replaced?.isPrimary ? this.repository.makePrimary(sql, userId, id) : phone;
      });
    } catch (error) {
      if (isTakenMeanwhile(error)) throw twoFactorProblem('number-taken');
      throw error;
    }
  }
}
