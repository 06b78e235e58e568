import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsOf } from '../../database/sql.js';

/** How far a reader of a journal is behind. */
export interface ReaderLag {
  journal: string;
  reader: string;
  /** The age of the oldest row that it has not handled; 0 if there is none. */
  seconds: number;
}

/** Tells how far sealing and publishing are behind, for metrics. Two index lookups for each reader. */
@Injectable()
export class JournalLag {
  constructor(@InjectLibraryDataSource() private readonly dataSource: DataSource) {}

  /** How far each reader is behind. */
  read(): Promise<ReaderLag[]> {
    return rowsOf<ReaderLag>(this.dataSource, LAGS);
  }
}

const LAGS = `
  SELECT c.journal, c.reader,
         coalesce(greatest(extract(epoch FROM clock_timestamp() - next.at), 0), 0)::float8 AS seconds
    FROM otp_journal_cursors c
    LEFT JOIN LATERAL (
      SELECT e.at FROM otp_verification_events e WHERE c.journal = 'verification' AND e.xid > c.xid ORDER BY e.xid LIMIT 1
    ) AS next ON true
   WHERE c.journal = 'verification'`;
