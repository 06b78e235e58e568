import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsOf } from '../../database/sql.js';
import { BEFORE_ALL } from './journal-source.js';
import { JournalSealer } from './journal-sealer.service.js';

/** How far a reader of a journal is behind. */
export interface ReaderLag {
  journal: string;
  reader: string;
  /** The age of the oldest row that it has not handled; 0 if there is none. */
  seconds: number;
}

/** Tells how far the readers of all journals are behind, for metrics. Two index lookups for each reader. */
@Injectable()
export class JournalLag {
  constructor(
    private readonly sealer: JournalSealer,
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
  ) {}

  /** How far each reader is behind. */
  async read(): Promise<ReaderLag[]> {
    const lags = this.sealer
      .allSources()
      .map(({ name, table }) => rowsOf<ReaderLag>(this.dataSource, LAGS(table), [name, BEFORE_ALL]));
    return (await Promise.all(lags)).flat();
  }
}

/** A cursor that is ahead of the database (after a restore from a dump) has handled nothing of this cluster. */
const LAGS = (table: string) => `
  SELECT c.journal, c.reader,
         coalesce(greatest(extract(epoch FROM clock_timestamp() - next.at), 0), 0)::float8 AS seconds
    FROM otp_journal_cursors c
   CROSS JOIN LATERAL (SELECT CASE WHEN c.xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                                   THEN c.xid ELSE $2::bigint END AS xid) AS h
    LEFT JOIN LATERAL (SELECT at FROM ${table} WHERE xid > h.xid ORDER BY xid LIMIT 1) AS next ON true
   WHERE c.journal = $1`;
