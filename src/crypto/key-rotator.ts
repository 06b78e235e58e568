import { Injectable } from '@nestjs/common';
import { DataSource, Equal, IsNull, MoreThan, Not, type ObjectLiteral, Repository } from 'typeorm';
import { InjectLibraryDataSource, InjectLibraryRepository } from '../database/library-data-source.js';
import { StatementRunner } from '../database/statement.js';
import { ENCRYPTED_COLUMNS, type EncryptedColumn } from './encrypted-column.js';
import { KeyRotation } from './key-rotation.entity.js';
import { PersonalDataCipher, type SealedColumn } from './personal-data-cipher.js';

/** How far the rotation of one column is. */
export interface RotationProgress {
  column: SealedColumn;
  /** Rows looked at so far, in all runs under this pair of keys. */
  done: number;
  total: number;
}

const BATCH = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Brings every `@Encrypted` column under the newest keys, so that the older keys can be removed from the rings.
 * Instances keep working meanwhile: they read under every key of their ring.
 */
@Injectable()
export class KeyRotator {
  constructor(
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    private readonly statements: StatementRunner,
    private readonly cipher: PersonalDataCipher,
    @InjectLibraryRepository(KeyRotation) private readonly rotations: Repository<KeyRotation>,
  ) {}

  /**
   * Walks every encrypted column of the modules in use, in batches. A run that was killed resumes where it was.
   * @param report called after every batch
   * @returns the final progress of each column
   * @throws Error naming the key that is missing from the ring
   */
  async run(report: (progress: RotationProgress) => void = () => undefined): Promise<RotationProgress[]> {
    const results: RotationProgress[] = [];
    for (const column of this.columns()) {
      results.push(await this.rotate(column, report));
    }
    return results;
  }

  /**
   * Counts what {@link run} would change, and changes nothing.
   * @returns `done` is the number of rows under older keys, of each column
   * @throws Error naming the key that is missing from the ring
   */
  async countOutdated(): Promise<RotationProgress[]> {
    const results: RotationProgress[] = [];
    for (const encrypted of this.columns()) {
      const { column } = encrypted;
      let [done, total] = [0, 0];
      for await (const batch of this.batches(encrypted, null)) {
        done += batch.filter((row) => this.isOutdated(encrypted, row)).length;
        total += batch.length;
      }
      results.push({ column, done, total });
    }
    return results;
  }

  private columns(): EncryptedColumn[] {
    return ENCRYPTED_COLUMNS.filter(({ entity }) => this.dataSource.hasMetadata(entity));
  }

  private isOutdated({ property, column, fingerprints = [] }: EncryptedColumn, row: ObjectLiteral): boolean {
    const sealed = row[property] as string;
    const plain = this.cipher.open(sealed, column, row['id'] as string);
    const newest = this.cipher.fingerprint('phone', plain);
    const isOlder = (name: string) => (row[name] as Buffer | null)?.equals(newest) === false;
    return !this.cipher.isCurrent(sealed) || fingerprints.some(isOlder);
  }

  /** The rows of a column after an id, in batches. */
  private async *batches(
    { entity, property, fingerprints = [], where = {} }: EncryptedColumn,
    lastId: string | null,
  ): AsyncGenerator<ObjectLiteral[]> {
    const rows = this.dataSource.getRepository<ObjectLiteral>(entity);
    for (let after = lastId ?? FIRST_ID; ;) {
      const batch = await rows.find({
        select: Object.fromEntries(['id', property, ...fingerprints].map((name) => [name, true])),
        where: { ...where, id: MoreThan(after), [property]: Not(IsNull()) },
        order: { id: 'ASC' },
        take: BATCH,
      });
      if (batch.length === 0) return;
      yield batch;
      after = batch.at(-1)!['id'] as string;
    }
  }

  private async rotate(
    encrypted: EncryptedColumn,
    report: (progress: RotationProgress) => void,
  ): Promise<RotationProgress> {
    const { entity, property, column, where = {} } = encrypted;
    const rows = this.dataSource.getRepository<ObjectLiteral>(entity);
    const { encryption, fingerprint } = this.cipher.newestKeys;
    const key = { encryptionKey: encryption, fingerprintKey: fingerprint, column };
    const total = await rows.countBy({ ...where, [property]: Not(IsNull()) });
    const before = await this.rotations.findOneBy(key);
    // After its end it walks again from the start: an instance with an older ring may have written meanwhile.
    let { lastId, done } = before && !before.finishedAt ? before : { lastId: null, done: 0 };
    for await (const batch of this.batches(encrypted, lastId)) {
      await this.rewrite(encrypted, rows, batch);
      lastId = batch.at(-1)!['id'] as string;
      done += batch.length;
      await this.rotations.upsert({ ...key, lastId, done, finishedAt: null }, Object.keys(key));
      report({ column, done, total: Math.max(total, done) });
    }
    await this.rotations.upsert({ ...key, lastId, done, finishedAt: new Date() }, Object.keys(key));
    return { column, done, total: Math.max(total, done) };
  }

  /** Each change is made only if the row still holds what was read: it may have been changed or erased meanwhile. */
  private async rewrite(
    { property, column, fingerprints = [], moveFingerprint }: EncryptedColumn,
    rows: Repository<ObjectLiteral>,
    batch: ObjectLiteral[],
  ): Promise<void> {
    const moved = new Set<string>();
    for (const row of batch) {
      const id = row['id'] as string;
      const sealed = row[property] as string;
      const plain = this.cipher.open(sealed, column, id);
      const newest = this.cipher.fingerprint('phone', plain);
      for (const name of fingerprints) {
        const older = row[name] as Buffer | null;
        if (older === null || older.equals(newest) || moved.has(older.toString('hex'))) continue;
        if (moveFingerprint) {
          await moveFingerprint(this.statements, newest, older);
          moved.add(older.toString('hex'));
        } else await rows.update({ id, [name]: Equal(older) }, { [name]: newest });
      }
      if (!this.cipher.isCurrent(sealed)) {
        await rows.update({ id, [property]: sealed }, { [property]: this.cipher.seal(plain, column, id) });
      }
    }
  }
}
