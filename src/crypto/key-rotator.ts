import { Injectable } from '@nestjs/common';
import { DataSource, Equal, IsNull, MoreThan, Not, type ObjectLiteral, Repository } from 'typeorm';
import { InjectLibraryDataSource, InjectLibraryRepository } from '../database/library-data-source.js';
import { StatementRunner } from '../database/statement.js';
import { ENCRYPTED_COLUMNS, type EncryptedColumn } from './encrypted-column.js';
import { KeyCanary } from './key-canary.js';
import { KeyRotation } from './key-rotation.entity.js';
import { PersonalDataCipher, type SealedColumn } from './personal-data-cipher.js';

/** How far the rotation of one column is. */
export interface RotationProgress {
  column: SealedColumn;
  /** Rows looked at so far, in all runs under this pair of keys. */
  done: number;
  total: number;
  /** How many of them cannot be opened. They stay as they are. */
  unreadable: number;
}

/** A row whose value cannot be opened with the keys of the ring. */
export interface UnreadableRow {
  column: SealedColumn;
  id: string;
  /** Names the key that is missing, or says that the value was altered. */
  reason: string;
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
    private readonly canary: KeyCanary,
    @InjectLibraryRepository(KeyRotation) private readonly rotations: Repository<KeyRotation>,
  ) {}

  /**
   * Walks every encrypted column of the modules in use, in batches. A run that was killed resumes where it was. A row that
   * cannot be opened is left as it is and counted.
   * @param report called after every batch
   * @param unreadable called for each row that cannot be opened
   * @returns the final progress of each column
   */
  async run(
    report: (progress: RotationProgress) => void = () => undefined,
    unreadable: (row: UnreadableRow) => void = () => undefined,
  ): Promise<RotationProgress[]> {
    const results: RotationProgress[] = [];
    const { encryption, fingerprint } = this.cipher.newestKeys;
    // What a run under other keys has done is undone by this one.
    await this.rotations.delete([{ encryptionKey: Not(encryption) }, { fingerprintKey: Not(fingerprint) }]);
    for (const column of this.columns()) {
      results.push(await this.rotate(column, report, unreadable));
    }
    await this.canary.write();
    if (results.every((result) => result.unreadable === 0)) await this.canary.forgetOlder();
    return results;
  }

  /**
   * Counts what {@link run} would change, and changes nothing.
   * @param unreadable called for each row that cannot be opened
   * @returns `done` is the number of rows under older keys, of each column
   */
  async countOutdated(
    unreadable: (row: UnreadableRow) => void = () => undefined,
  ): Promise<RotationProgress[]> {
    const results: RotationProgress[] = [];
    for (const encrypted of this.columns()) {
      const progress = { column: encrypted.column, done: 0, total: 0, unreadable: 0 };
      for await (const batch of this.batches(encrypted, null)) {
        for (const row of batch) {
          const plain = this.tryOpen(encrypted, row, unreadable);
          if (plain === null) progress.unreadable += 1;
          else if (this.isOutdated(encrypted, row, plain)) progress.done += 1;
        }
        progress.total += batch.length;
      }
      results.push(progress);
    }
    return results;
  }

  /** @returns null after it was reported, when the row cannot be opened */
  private tryOpen(
    { property, column }: EncryptedColumn,
    row: ObjectLiteral,
    unreadable: (row: UnreadableRow) => void,
  ): string | null {
    const id = row['id'] as string;
    try {
      return this.cipher.open(row[property] as string, column, id);
    } catch (error) {
      unreadable({ column, id, reason: reasonOf(error as Error) });
      return null;
    }
  }

  private columns(): EncryptedColumn[] {
    return ENCRYPTED_COLUMNS.filter(({ entity }) => this.dataSource.hasMetadata(entity));
  }

  private isOutdated(
    { property, fingerprints = [] }: EncryptedColumn,
    row: ObjectLiteral,
    plain: string,
  ): boolean {
    const sealed = row[property] as string;
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
    unreadable: (row: UnreadableRow) => void,
  ): Promise<RotationProgress> {
    const { entity, property, column, where = {} } = encrypted;
    const rows = this.dataSource.getRepository<ObjectLiteral>(entity);
    const { encryption, fingerprint } = this.cipher.newestKeys;
    const key = { encryptionKey: encryption, fingerprintKey: fingerprint, column };
    const total = await rows.countBy({ ...where, [property]: Not(IsNull()) });
    const before = await this.rotations.findOneBy(key);
    // After its end it walks again from the start: an instance with an older ring may have written meanwhile.
    const start = before && !before.finishedAt ? before : { lastId: null, done: 0, unreadable: 0 };
    let { lastId } = start;
    const progress = { column, done: start.done, total, unreadable: start.unreadable };
    const save = (finishedAt: Date | null) => {
      const { done, unreadable } = progress;
      return this.rotations.upsert({ ...key, lastId, done, unreadable, finishedAt }, Object.keys(key));
    };
    for await (const batch of this.batches(encrypted, lastId)) {
      progress.unreadable += await this.rewrite(encrypted, rows, batch, unreadable);
      lastId = batch.at(-1)!['id'] as string;
      progress.done += batch.length;
      progress.total = Math.max(progress.total, progress.done);
      await save(null);
      report({ ...progress });
    }
    await save(new Date());
    return progress;
  }

  /**
   * Each change is made only if the row still holds what was read: it may have been changed or erased meanwhile.
   * @returns how many rows cannot be opened
   */
  private async rewrite(
    encrypted: EncryptedColumn,
    rows: Repository<ObjectLiteral>,
    batch: ObjectLiteral[],
    unreadable: (row: UnreadableRow) => void,
  ): Promise<number> {
    const { property, column, fingerprints = [], moveFingerprint } = encrypted;
    const moved = new Set<string>();
    let failures = 0;
    for (const row of batch) {
      const id = row['id'] as string;
      const sealed = row[property] as string;
      const plain = this.tryOpen(encrypted, row, unreadable);
      if (plain === null) {
        failures += 1;
        continue;
      }
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
    return failures;
  }
}

/** The cipher says which key is missing; Node says nothing useful of a value that was altered. */
const reasonOf = ({ message }: Error): string =>
  /key ring|no encrypted value/.test(message)
    ? message
    : 'the value was altered, copied from another row, or encrypted under another key of the same name';
