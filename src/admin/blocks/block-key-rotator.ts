import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { rowsOf } from '../../database/sql.js';
import { type OpenOptions, PersonalDataCipher } from '../../database/personal-data-cipher.js';

/** Takes blocked numbers along when keys are replaced: without it a block would be gone with its key. */
@Injectable()
export class BlockKeyRotator {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cipher: PersonalDataCipher,
  ) {}

  /** Harmless to repeat. @returns how many are under the newest keys */
  async run(options: OpenOptions = {}): Promise<number> {
    const blocks = await rowsOf<{ id: string; value: string }>(
      this.dataSource,
      `SELECT id, value FROM block_entries WHERE kind = 'number'`,
    );
    for (const { id, value } of blocks) {
      const e164 = this.cipher.open(value, 'block_entries.value', id, options);
      await rowsOf(this.dataSource, 'UPDATE block_entries SET value = $2, fingerprint = $3 WHERE id = $1', [
        id,
        this.cipher.seal(e164, 'block_entries.value', id),
        this.cipher.fingerprint('phone', e164),
      ]);
    }
    return blocks.length;
  }
}
