import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import {
  type OpenOptions,
  PersonalDataCipher,
  type SealedColumn,
} from '../../database/personal-data-cipher.js';
import { rowsOf } from '../../database/sql.js';

const BATCH = 500;

interface Sealed {
  id: string;
  sealed: string;
}

/** Brings enrolled phones and the secrets of apps under the newest keys; see `KeyRotator` for the requests. */
@Injectable()
export class FactorKeyRotator {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cipher: PersonalDataCipher,
  ) {}

  /**
   * What is under the newest keys already is left alone, so it can be killed and run again.
   * @param options whether values that were sealed in the form of version 1 are sealed again
   * @returns how many factors were looked at
   * @throws Error naming the key that is missing from the ring
   */
  async run(options: OpenOptions = {}): Promise<number> {
    const phones = await this.walk('enrolled_phones', 'phone_number', async ({ id, sealed }) => {
      const e164 = this.cipher.open(sealed, 'enrolled_phones.phone_number', id, options);
      const [newest, ...older] = this.cipher.fingerprints('phone', e164);
      await rowsOf(
        this.dataSource,
        `UPDATE enrolled_phones
            SET phone_number = $3, phone_fingerprint = $4,
                exclusive_fingerprint = CASE WHEN exclusive_fingerprint IS NOT NULL THEN $4::bytea END
          WHERE id = $1 AND phone_number = $2 AND (phone_number <> $3 OR phone_fingerprint = ANY($5::bytea[]))`,
        [id, sealed, this.underNewest(sealed, e164, 'enrolled_phones.phone_number', id), newest, older],
      );
    });
    const apps = await this.walk('authenticators', 'secret', async ({ id, sealed }) => {
      const secret = this.cipher.open(sealed, 'authenticators.secret', id, options);
      await rowsOf(this.dataSource, 'UPDATE authenticators SET secret = $3 WHERE id = $1 AND secret = $2', [
        id,
        sealed,
        this.underNewest(sealed, secret, 'authenticators.secret', id),
      ]);
    });
    return phones + apps;
  }

  private underNewest(sealed: string, plain: string, column: SealedColumn, id: string): string {
    return this.cipher.isCurrent(sealed) ? sealed : this.cipher.seal(plain, column, id);
  }

  private async walk(table: string, column: string, each: (row: Sealed) => Promise<void>): Promise<number> {
    let done = 0;
    for (let last: string | null = null; ;) {
      const batch: Sealed[] = await rowsOf<Sealed>(
        this.dataSource,
        `SELECT id, ${column} AS sealed FROM ${table} WHERE $1::uuid IS NULL OR id > $1::uuid ORDER BY id LIMIT $2`,
        [last, BATCH],
      );
      if (batch.length === 0) return done;
      for (const row of batch) await each(row);
      done += batch.length;
      last = batch.at(-1)!.id;
    }
  }
}
