import { Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { InjectLibraryDataSource, LibraryDataSource } from '../database/library-data-source.js';
import { PersonalDataCipher } from './personal-data-cipher.js';

const COLUMN = 'key_canaries.value';
const TEXT = 'canary';

/**
 * Tells whether the keys of an instance open what is stored. For each key that writes there is a row with a known text. With
 * other keys, numbers could not be read, and limits, locks and blocks of numbers would silently start again from zero.
 */
@Injectable()
export class KeyCanary {
  constructor(
    @InjectLibraryDataSource() private readonly dataSource: LibraryDataSource,
    private readonly cipher: PersonalDataCipher,
  ) {}

  /**
   * Reads only.
   * @param pool asks on this pool. @default that of the application
   * @returns what is wrong with the keys, a sentence each
   */
  async problems(pool: Pool = this.dataSource.pool): Promise<string[]> {
    const { rows } = await pool.query<{ kind: string; keyId: string; value: string }>(
      this.dataSource.names.inSql(
        'SELECT kind, key_id AS "keyId", value FROM otp_key_canaries ORDER BY 1, 2',
      ),
    );
    return rows.flatMap(({ kind, keyId, value }) => {
      if (kind === 'encryption') {
        try {
          if (this.cipher.open(value, COLUMN, keyId) === TEXT) return [];
        } catch {
          // The sentence below says it.
        }
      } else if (this.cipher.fingerprintUnder(keyId, 'canary', TEXT)?.toString('base64url') === value)
        return [];
      return [
        `the ${kind} key "${keyId}", under which data are stored, is missing from its ring or is another key`,
      ];
    });
  }

  /** Makes the rows of the keys that write, unless the keys are wrong. */
  async write(): Promise<void> {
    if ((await this.problems()).length > 0) return;
    const { encryption, fingerprint } = this.cipher.newestKeys;
    const rows = [
      ['encryption', encryption, this.cipher.seal(TEXT, COLUMN, encryption)],
      ['fingerprint', fingerprint, this.cipher.fingerprint('canary', TEXT).toString('base64url')],
    ];
    for (const row of rows)
      await this.query(
        'INSERT INTO otp_key_canaries (kind, key_id, value) VALUES ($1, $2, $3) ON CONFLICT (kind, key_id) DO NOTHING',
        row,
      );
  }

  /** Forgets older keys, because no value is stored under them any more. */
  async forgetOlder(): Promise<void> {
    const { encryption, fingerprint } = this.cipher.newestKeys;
    await this.query(
      `DELETE FROM otp_key_canaries
        WHERE (kind = 'encryption' AND key_id <> $1) OR (kind = 'fingerprint' AND key_id <> $2)`,
      [encryption, fingerprint],
    );
  }

  private query(text: string, values: string[]) {
    return this.dataSource.pool.query(this.dataSource.names.inSql(text), values);
  }
}
