import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { NumberSlot, UserWrongCodes } from '../entities/index.js';

/** How long a lock lasts, unless somebody lifts it earlier. */
const LOCK_HOURS = 24;

const NONE = { wrongCodes: 0, waitUntil: null, lockedAt: null };
const HAS_SOME = '(wrong_codes > 0 OR locked_at IS NOT NULL)';

/** Wrong codes in a row, per number and per user. Checks count them in their own statements. */
@Injectable()
export class WrongCodesRepository {
  constructor(@InjectLibraryDataSource() private readonly dataSource: DataSource) {}

  /** @returns whether there were any */
  async forgetOfNumber(phoneFingerprints: Buffer[]): Promise<boolean> {
    const slots = this.dataSource.createQueryBuilder().update(NumberSlot).set(NONE);
    const { affected } = await slots
      .where({ phoneFingerprint: In(phoneFingerprints) })
      .andWhere(HAS_SOME)
      .execute();
    return (affected ?? 0) > 0;
  }

  /** @returns whether there were any */
  async forgetOfUser(userId: string): Promise<boolean> {
    const users = this.dataSource.createQueryBuilder().update(UserWrongCodes).set(NONE);
    const { affected } = await users.where({ userId }).andWhere(HAS_SOME).execute();
    return (affected ?? 0) > 0;
  }

  /** Ends locks that are a day old, and forgets the wrong codes that led to them. */
  async endOldLocks(): Promise<void> {
    for (const entity of [NumberSlot, UserWrongCodes]) {
      await this.dataSource
        .createQueryBuilder()
        .update(entity)
        .set(NONE)
        .where(`locked_at < now() - interval '${LOCK_HOURS} hours'`)
        .execute();
    }
  }
}
