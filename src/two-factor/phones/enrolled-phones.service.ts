import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { PhoneVault } from '../../database/phone-vault.js';
import {
  type Caller,
  type Channel,
  maskPhoneNumber,
  PhoneNumber,
  type VerificationResult,
  VerificationService,
} from '../../verification/index.js';
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
    private readonly verifications: VerificationService,
    private readonly vault: PhoneVault,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  ofUser(userId: string): Promise<EnrolledPhoneRecord[]> {
    return this.repository.ofUser(userId);
  }

  /** The number of one of the user's phones. @throws Problem `unknown-factor` */
  async numberOf(userId: string, id: string): Promise<PhoneNumber> {
    const phone = await this.repository.find(userId, id);
    if (!phone) throw twoFactorProblem('unknown-factor');
    return PhoneNumber.fromE164(this.vault.open(phone.phoneNumber, 'enrolled_phones.phone_number', phone.id));
  }

  /** Sends a code to a number that is to become a factor. */
  async enrol(
    userId: string,
    {
      origin = {},
      ...input
    }: {
      phoneNumber: string;
      country?: string;
      channel?: Channel;
      locale?: string;
      origin?: Pick<Caller, 'address' | 'userAgent'>;
    },
  ): Promise<VerificationResult> {
    const phones = await this.repository.ofUser(userId);
    if (phones.length >= this.options.maxPhones) throw twoFactorProblem('too-many-factors');
    return this.verifications.start({ ...input, purpose: ENROLMENT, caller: { ...origin, userId } });
  }

  /**
   * Checks the code that was sent there; the number is a factor from then on.
   * @param replaces the phone whose place it takes
   */
  async prove(
    userId: string,
    {
      requestId,
      code,
      label,
      replaces,
    }: { requestId: string; code: string; label: string; replaces?: string },
  ): Promise<{ result: VerificationResult; change: PhoneChange | null }> {
    const result = await this.verifications.check({
      requestId,
      code,
      purpose: ENROLMENT,
      caller: { userId },
    });
    if (!result.ok) return { result, change: null };
    const number = this.verifications.phoneNumberOf(result.request);
    return { result, change: await this.add(userId, number, label, replaces) };
  }

  /** @throws Problem `last-factor` where the user has to keep one, `unknown-factor` */
  async remove(userId: string, id: string, mayBeLast: boolean): Promise<PhoneChange> {
    const made = await this.changes.make(userId, async (sql) => {
      if (!mayBeLast && (await this.changes.count(sql, userId)) <= 1) throw twoFactorProblem('last-factor');
      return this.repository.remove(sql, userId, id);
    });
    if (!made) throw twoFactorProblem('unknown-factor');
    return { phone: made.changed, epoch: made.epoch };
  }

  async makePrimary(userId: string, id: string): Promise<PhoneChange> {
    const made = await this.changes.make(userId, (sql) => this.repository.makePrimary(sql, userId, id));
    if (!made) throw twoFactorProblem('unknown-factor');
    return { phone: made.changed, epoch: made.epoch };
  }

  /** A name proves nothing: sessions stay. @throws Problem `unknown-factor` */
  async rename(userId: string, id: string, label: string): Promise<void> {
    if (!(await this.repository.rename(userId, id, label))) throw twoFactorProblem('unknown-factor');
  }

  private async add(
    userId: string,
    number: PhoneNumber,
    label: string,
    replaces: string | undefined,
  ): Promise<PhoneChange | null> {
    const id = uuidv7();
    const fingerprints = this.vault.fingerprints('phone', number.e164);
    const isExclusive = !this.options.sharedNumbers;
    try {
      const made = await this.changes.make(userId, async (sql) => {
        if (isExclusive && (await this.repository.isTaken(sql, userId, fingerprints)))
          throw twoFactorProblem('number-taken');
        const replaced = replaces ? await this.repository.remove(sql, userId, replaces) : null;
        if ((await this.repository.count(sql, userId)) >= this.options.maxPhones)
          throw twoFactorProblem('too-many-factors');
        const phone = await this.repository.add(
          sql,
          {
            id,
            userId,
            sealedPhoneNumber: this.vault.seal(number.e164, 'enrolled_phones.phone_number', id),
            phoneFingerprint: fingerprints[0],
            isExclusive,
            phoneCountry: number.country,
            phoneLastDigits: number.lastDigits,
            label: label || replaced?.label || '',
          },
          fingerprints,
        );
        return phone && replaced?.isPrimary ? this.repository.makePrimary(sql, userId, id) : phone;
      });
      return made && { phone: made.changed, epoch: made.epoch };
    } catch (error) {
      if (isTakenMeanwhile(error)) throw twoFactorProblem('number-taken');
      throw error;
    }
  }
}
