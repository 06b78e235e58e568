import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import type { JournalSource } from './journal-source.js';

/** The rows of the transactions after `after`, up to and including `until`. */
export interface JournalBatch {
  sql: EntityManager;
  after: string;
  until: string;
}

/** What a journal is read for. `deliver` queues events for a webhook, `file` writes them to a file. */
export type ReaderName = 'seal' | 'publish' | 'deliver' | 'file';

/**
 * Reads journals in batches, for one purpose each. The cursor's row is locked while a batch is handled, so that one
 * instance reads at a time, and it moves in the same transaction: after a crash the batch is handled again.
 */
@Injectable()
export class JournalReader {
  constructor(@InjectLibraryDataSource() private readonly dataSource: DataSource) {}

  /**
   * Handles the next batch, unless there is none or another instance is reading.
   * @param size about how many rows
   * @param handle when it throws, the cursor stays and the batch is read again
   * @returns whether a batch was handled
   * @throws Error when the cursor is ahead of the database, which was then restored from a dump
   */
  async readBatch(
    source: JournalSource,
    reader: ReaderName,
    size: number,
    handle: (batch: JournalBatch) => Promise<void>,
  ): Promise<boolean> {
    if (!(await this.hasRows(source, reader))) return false;
    return this.dataSource.transaction(async (sql) => {
      const [cursor] = await rowsIn<{ xid: string }>(sql, LOCK_CURSOR, [source.name, reader]);
      if (!cursor) return false;
      const [end] = await rowsIn<{ xid: string }>(sql, source.endOfBatch, [cursor.xid, size]);
      if (!end) return false;
      await handle({ sql, after: cursor.xid, until: end.xid });
      await rowsIn(sql, MOVE_CURSOR, [source.name, reader, end.xid]);
      return true;
    });
  }

  /** @returns the transaction before which all others are over now */
  async position(): Promise<string> {
    const [row] = await rowsOf<{ xid: string }>(this.dataSource, POSITION);
    return row!.xid;
  }

  /** Lets a reader begin after transaction `xid`, unless it has begun already. */
  async beginAfter(source: JournalSource, reader: ReaderName, xid: string): Promise<void> {
    await rowsOf(this.dataSource, CREATE_CURSOR, [source.name, reader, xid]);
  }

  /** Takes no lock and no transaction id: an idle journal costs two index lookups. */
  private async hasRows({ name, endOfBatch }: JournalSource, reader: string): Promise<boolean> {
    const [cursor] = await rowsOf<{ xid: string; isAhead: boolean }>(this.dataSource, CURSOR, [name, reader]);
    if (!cursor) return false;
    if (cursor.isAhead)
      throw new Error(
        `the ${name} journal is ahead of this database's transactions: after a restore from a dump run "npm run journal:seal -- --after-restore"`,
      );
    return (await rowsOf(this.dataSource, endOfBatch, [cursor.xid, 1])).length > 0;
  }
}

const CURSOR = `
  SELECT xid, xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS "isAhead"
    FROM otp_journal_cursors WHERE journal = $1 AND reader = $2`;
const LOCK_CURSOR = `
  SELECT xid FROM otp_journal_cursors WHERE journal = $1 AND reader = $2 FOR UPDATE SKIP LOCKED`;
const MOVE_CURSOR = 'UPDATE otp_journal_cursors SET xid = $3 WHERE journal = $1 AND reader = $2';
const CREATE_CURSOR = `
  INSERT INTO otp_journal_cursors (journal, reader, xid) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;
const POSITION = 'SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 AS xid';
