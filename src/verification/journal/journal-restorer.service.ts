import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn } from '../../database/sql.js';
import { JournalSealer } from './journal-sealer.service.js';
import { BEFORE_ALL, type JournalSource } from './journal-source.js';

/**
 * Repairs the transaction ids of journals after a restore from a dump. The new cluster counts its transactions from the
 * beginning, so new rows would have lower ids than the restored ones and would never be read.
 */
@Injectable()
export class JournalRestorer {
  constructor(
    private readonly sealer: JournalSealer,
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Gives every restored row a negative id that follows from its seal's number, in one transaction per journal. Seals
   * cover no ids, so they stay valid. Needs the owner of the tables, and no instance may run.
   * @returns the names of the journals that were renumbered; those that are not ahead of the database are left alone
   */
  async renumber(): Promise<string[]> {
    const renumbered: string[] = [];
    for (const source of this.sealer.allSources())
      if (await this.renumberJournal(source)) renumbered.push(source.name);
    return renumbered;
  }

  private renumberJournal({ name, table }: JournalSource): Promise<boolean> {
    return this.dataSource.transaction(async (sql) => {
      const [{ isAhead }] = (await rowsIn(sql, IS_AHEAD(table), [name])) as [{ isAhead: boolean }];
      if (!isAhead) return false;
      await rowsIn(sql, `GRANT UPDATE (xid) ON ${table} TO CURRENT_USER`);
      await rowsIn(sql, 'GRANT UPDATE (last_xid) ON otp_journal_seals TO CURRENT_USER');
      await rowsIn(sql, RENUMBER_ROWS(table), [name, BEFORE_ALL]);
      await rowsIn(sql, MOVE_OTHER_CURSORS, [name, BEFORE_ALL]);
      await rowsIn(sql, RENUMBER_SEALS, [name]);
      await rowsIn(sql, MOVE_SEAL_CURSOR, [name, BEFORE_ALL]);
      await rowsIn(sql, 'REVOKE UPDATE (last_xid) ON otp_journal_seals FROM CURRENT_USER');
      await rowsIn(sql, `REVOKE UPDATE (xid) ON ${table} FROM CURRENT_USER`);
      return true;
    });
  }
}

/** By what any reader has read, and by what none has read yet. */
const IS_AHEAD = (table: string) => `
  SELECT coalesce(max(xid) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint, false) AS "isAhead"
    FROM (SELECT max(xid) AS xid FROM ${table}
          UNION ALL SELECT max(xid) FROM otp_journal_cursors WHERE journal = $1) AS newest`;

/**
 * Rows that are not sealed yet come after all seals, and before every transaction of this cluster. So do rows that
 * this cluster wrote before it was noticed: their ids lie in the range of a seal, and they are younger than its rows.
 */
const RENUMBER_ROWS = (table: string) => `
  WITH ranges AS (
    SELECT number - 1000000000000 AS xid, last_xid AS until, newest_at + interval '1 millisecond' AS before,
           coalesce(lag(last_xid) OVER (ORDER BY number), $2::bigint) AS after
      FROM otp_journal_seals WHERE journal = $1
    UNION ALL
    SELECT -1, 9223372036854775807, 'infinity', coalesce(max(last_xid), $2::bigint)
      FROM otp_journal_seals WHERE journal = $1)
  UPDATE ${table} j SET xid = CASE WHEN j.at < r.before THEN r.xid ELSE -1 END
    FROM ranges r WHERE j.xid > r.after AND j.xid <= r.until`;

/** Back to the end of a seal: events after it, all where there is none, are published, queued and written again. */
const MOVE_OTHER_CURSORS = `
  UPDATE otp_journal_cursors c
     SET xid = coalesce((SELECT max(s.number) - 1000000000000 FROM otp_journal_seals s
                          WHERE s.journal = c.journal AND s.last_xid <= c.xid), $2::bigint)
   WHERE c.journal = $1 AND c.reader <> 'seal'`;

const RENUMBER_SEALS = `UPDATE otp_journal_seals SET last_xid = number - 1000000000000 WHERE journal = $1`;

const MOVE_SEAL_CURSOR = `
  UPDATE otp_journal_cursors
     SET xid = coalesce((SELECT max(last_xid) FROM otp_journal_seals WHERE journal = $1), $2::bigint)
   WHERE journal = $1 AND reader = 'seal'`;
