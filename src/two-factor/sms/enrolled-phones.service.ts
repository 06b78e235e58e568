import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In, Not, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { PersonalDataCipher } from '../../crypto/index.js';
import { maskPhoneNumber, PhoneNumber } from '../../verification/index.js';
import { type FactorChange, FactorChanges } from '../enrolment/factor-changes.js';
import type { SignedInAssurance } from '../session/assurance.js';
import { Notices } from '../session/notices.js';
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
    private readonly notices: Notices,
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

  /**
   * The users who have enrolled a number; more than one only with `sharedNumbers`.
   * @param number read already, or with `+` in any usual spelling
   * @throws RangeError for anything but a phone number
   */
  async usersOf(number: PhoneNumber | string): Promise<string[]> {
    const { phone } = PhoneNumber.read(number);
    if (!phone) throw new RangeError('not a phone number with +, such as +14155552671');
    const phones = await this.phones.find({
      select: { userId: true },
      where: { phoneFingerprint: In(this.fingerprintsOf(phone)) },
      order: { createdAt: 'ASC', id: 'ASC' },
    });
    return [...new Set(phones.map(({ userId }) => userId))];
  }

  /** The number of one of the user's phones. @throws Problem `unknown-factor` */
  async numberOf(userId: string, id: string): Promise<PhoneNumber> {
    const phone = await this.phones.findOneBy({ userId, id });
    if (!phone) throw twoFactorProblem('unknown-factor');
    return PhoneNumber.fromE164(this.cipher.open(phone.sealedNumber, 'enrolled_phones.phone_number', id));
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
    return this.exclusively(() =>
      this.changes.changeFactor(session, async (manager) => {
        await this.refuseTaken(manager, userId, number);
        const replaced = replaces && (await this.take(manager, userId, replaces));
        if (replaces && !replaced) throw twoFactorProblem('unknown-factor');
        const phone = await this.insert(manager, userId, number, {
          label: label || (replaced ? replaced.label : ''),
        });
        return replaced && replaced.isPrimary ? this.prefer(manager, userId, phone.id) : phone;
      }),
    );
  }

  /**
   * Adds a number that the application has verified before, without a message. A number that the user has already is left
   * as it is. As every change of factors it ends the user's other sessions.
   * @param e164 with `+`, in any usual spelling
   * @param verifiedAt when the application verified it
   * @param how.notify whether the notifier tells the user. Defaults to true; false for a migration of many users.
   * @returns the phone, and whether it is new
   * @throws Problem `number-taken`, `too-many-factors`; RangeError naming what is not a number that takes messages, or not a
   * time in the past
   */
  async import(
    userId: string,
    e164: string,
    verifiedAt: Date,
    how: { label?: string; notify?: boolean } = {},
  ): Promise<{ phone: EnrolledPhone; isNew: boolean }> {
    const { phone: number } = PhoneNumber.read(e164);
    if (!userId) throw new RangeError('a phone needs the id of its user');
    if (!number?.canReceive('voice')) throw new RangeError('not a phone number that takes messages');
    if (!(verifiedAt.getTime() <= Date.now())) throw new RangeError('verifiedAt must be a time in the past');
    const known = await this.findByNumber(this.phones.manager, userId, number);
    if (known) return { phone: known, isNew: false };
    const imported = { label: how.label ?? '', importedAt: new Date(), createdAt: verifiedAt };
    const made = await this.exclusively(() =>
      this.changes.make(userId, async (manager) => {
        // Another import may have come at the same moment.
        if (await this.findByNumber(manager, userId, number)) return null;
        await this.refuseTaken(manager, userId, number);
        return this.insert(manager, userId, number, imported);
      }),
    );
    if (!made)
      return { phone: (await this.findByNumber(this.phones.manager, userId, number))!, isNew: false };
    const detail = maskOf(made.changed);
    this.notices.emit({ type: 'phone-imported', userId, detail });
    if (how.notify ?? true) await this.notices.send(userId, { type: 'phone-added', detail });
    return { phone: made.changed, isNew: true };
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

  private findByNumber(manager: EntityManager, userId: string, number: PhoneNumber) {
    return manager.findOneBy(EnrolledPhone, { userId, phoneFingerprint: In(this.fingerprintsOf(number)) });
  }

  /** @throws Problem `number-taken` when it is another user's, and numbers are not shared */
  private async refuseTaken(manager: EntityManager, userId: string, number: PhoneNumber): Promise<void> {
    if (this.options.sharedNumbers) return;
    const exclusiveFingerprint = In(this.fingerprintsOf(number));
    if (await manager.existsBy(EnrolledPhone, { exclusiveFingerprint, userId: Not(userId) }))
      throw twoFactorProblem('number-taken');
  }

  /** @throws Problem `too-many-factors`, `number-enrolled` */
  private async insert(
    manager: EntityManager,
    userId: string,
    number: PhoneNumber,
    more: Pick<EnrolledPhone, 'label'> & Partial<Pick<EnrolledPhone, 'importedAt' | 'createdAt'>>,
  ): Promise<EnrolledPhone> {
    const phones = manager.getRepository(EnrolledPhone);
    if ((await phones.countBy({ userId })) >= this.options.maxPhones)
      throw twoFactorProblem('too-many-factors');
    // Another request may have proven the same number at the same moment.
    if (await this.findByNumber(manager, userId, number)) throw twoFactorProblem('number-enrolled');
    const id = uuidv7();
    const [fingerprint] = this.fingerprintsOf(number);
    await phones.insert({
      id,
      userId,
      sealedNumber: this.cipher.seal(number.e164, 'enrolled_phones.phone_number', id),
      phoneFingerprint: fingerprint,
      exclusiveFingerprint: this.options.sharedNumbers ? null : fingerprint,
      phoneCountry: number.country,
      phoneLastDigits: number.lastDigits,
      isPrimary: !(await phones.existsBy({ userId, isPrimary: true })),
      ...more,
    });
    return phones.findOneByOrFail({ id });
  }

  /** Two users may add the same number at the same moment. */
  private async exclusively<T>(add: () => Promise<T>): Promise<T> {
    try {
      return await add();
    } catch (error) {
      if ((error as { constraint?: string }).constraint?.endsWith('enrolled_phones_exclusive'))
        throw twoFactorProblem('number-taken');
      throw error;
    }
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

  /** A phone enrolled under an older key is the same phone. */
  private fingerprintsOf(number: PhoneNumber): [Buffer, ...Buffer[]] {
    return this.cipher.fingerprints('phone', number.e164);
  }
}
