import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In, Not, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { PersonalDataCipher } from '../../crypto/index.js';
import { maskPhoneNumber, PhoneNumber } from '../../verification/index.js';
import { type FactorChange, FactorChanges } from '../enrolment/factor-changes.js';
import type { SignedInAssurance } from '../session/assurance.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import { EnrolledPhone } from './enrolled-phone.entity.js';

/** A phone's number as its user may see it, for example `+1 ••• ••• ••71`. */
export const maskOf = ({ phoneCountry, phoneLastDigits }: EnrolledPhone): string =>
  maskPhoneNumber(phoneCountry, phoneLastDigits);

/** The phones that users have enrolled. Changes run within {@link FactorChanges}, which holds the user's lock. */
@Injectable()
export class EnrolledPhones {
  constructor(
    @InjectLibraryRepository(EnrolledPhone) private readonly phones: Repository<EnrolledPhone>,
    private readonly changes: FactorChanges,
    private readonly cipher: PersonalDataCipher,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /** The user's phones, the primary one first. */
  ofUser(userId: string): Promise<EnrolledPhone[]> {
    return this.phones.find({
      where: { userId },
      order: { isPrimary: 'DESC', createdAt: 'ASC', id: 'ASC' },
    });
  }

  /** Whether the user has this phone. */
  has(userId: string, id: string): Promise<boolean> {
    return this.phones.existsBy({ userId, id });
  }

  /** Whether the user has enrolled this number. */
  hasNumber(userId: string, number: PhoneNumber): Promise<boolean> {
    return this.phones.existsBy({ userId, phoneFingerprint: In(this.fingerprintsOf(number)) });
  }

  /** The number of one of the user's phones. @throws Problem `unknown-factor` */
  async numberOf(userId: string, id: string): Promise<PhoneNumber> {
    const phone = await this.phones.findOneBy({ userId, id });
    if (!phone) throw twoFactorProblem('unknown-factor');
    return PhoneNumber.fromE164(this.cipher.open(phone.phoneNumber, 'enrolled_phones.phone_number', id));
  }

  /**
   * Adds a number that the user has proven.
   * @param replaces the phone that it replaces
   * @throws Problem `number-taken`, `number-enrolled`, `too-many-factors`, or `unknown-factor` for the phone to replace
   */
  async add(
    session: SignedInAssurance,
    number: PhoneNumber,
    { label = '', replaces }: { label?: string; replaces?: string },
  ): Promise<FactorChange<EnrolledPhone>> {
    const { userId } = session;
    const id = uuidv7();
    // A phone enrolled under an older key is the same phone.
    const fingerprints = this.fingerprintsOf(number);
    const isExclusive = !this.options.sharedNumbers;
    try {
      return await this.changes.changeFactor(session, async (manager) => {
        const phones = manager.getRepository(EnrolledPhone);
        if (
          isExclusive &&
          (await phones.existsBy({ exclusiveFingerprint: In(fingerprints), userId: Not(userId) }))
        )
          throw twoFactorProblem('number-taken');
        const replaced = replaces && (await this.take(manager, userId, replaces));
        if (replaces && !replaced) throw twoFactorProblem('unknown-factor');
        if ((await phones.countBy({ userId })) >= this.options.maxPhones)
          throw twoFactorProblem('too-many-factors');
        // Another request may have proven the same number at the same moment.
        if (await phones.existsBy({ userId, phoneFingerprint: In(fingerprints) }))
          throw twoFactorProblem('number-enrolled');
        await phones.insert({
          id,
          userId,
          phoneNumber: this.cipher.seal(number.e164, 'enrolled_phones.phone_number', id),
          phoneFingerprint: fingerprints[0],
          exclusiveFingerprint: isExclusive ? fingerprints[0] : null,
          phoneCountry: number.country,
          phoneLastDigits: number.lastDigits,
          label: label || (replaced ? replaced.label : ''),
          isPrimary: !(await phones.existsBy({ userId, isPrimary: true })),
        });
        return replaced && replaced.isPrimary ? this.prefer(manager, userId, id) : phones.findOneBy({ id });
      });
    } catch (error) {
      // Two users have proven the same number at the same moment.
      if ((error as { constraint?: string }).constraint?.endsWith('enrolled_phones_exclusive'))
        throw twoFactorProblem('number-taken');
      throw error;
    }
  }

  /** Removes a phone. @throws Problem `last-factor` where the user has to keep one, `unknown-factor` */
  remove(session: SignedInAssurance, id: string): Promise<FactorChange<EnrolledPhone>> {
    return this.changes.removeFactor(session, (manager) => this.take(manager, session.userId, id));
  }

  /** Makes a phone the one that codes are sent to by default. @throws Problem `unknown-factor` */
  makePrimary(session: SignedInAssurance, id: string): Promise<FactorChange<EnrolledPhone>> {
    return this.changes.changeFactor(session, (manager) => this.prefer(manager, session.userId, id));
  }

  /** Gives a phone another label. Users recognise their phones by it. @throws Problem `unknown-factor` */
  rename(session: SignedInAssurance, id: string, label: string): Promise<FactorChange<EnrolledPhone>> {
    const { userId } = session;
    return this.changes.changeFactor(session, async (manager) => {
      await manager.update(EnrolledPhone, { userId, id }, { label });
      return manager.findOneBy(EnrolledPhone, { userId, id });
    });
  }

  private async prefer(manager: EntityManager, userId: string, id: string): Promise<EnrolledPhone | null> {
    const phones = manager.getRepository(EnrolledPhone);
    if (!(await phones.existsBy({ userId, id }))) return null;
    // One after the other, because a user has at most one primary phone at any time.
    await phones.update({ userId, isPrimary: true }, { isPrimary: false });
    await phones.update({ userId, id }, { isPrimary: true });
    return phones.findOneBy({ id });
  }

  /** Deletes a phone. If it was the primary one, the oldest of the others takes its place. */
  private async take(manager: EntityManager, userId: string, id: string): Promise<EnrolledPhone | null> {
    const phones = manager.getRepository(EnrolledPhone);
    const phone = await phones.findOneBy({ userId, id });
    if (!phone) return null;
    await phones.delete({ userId, id });
    const [oldest] = await phones.find({
      where: { userId },
      order: { createdAt: 'ASC', id: 'ASC' },
      take: 1,
    });
    if (phone.isPrimary && oldest) await phones.update({ id: oldest.id }, { isPrimary: true });
    return phone;
  }

  private fingerprintsOf(number: PhoneNumber): [Buffer, ...Buffer[]] {
    return this.cipher.fingerprints('phone', number.e164);
  }
}
