import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsOf } from '../../database/sql.js';
import type { Actor } from '../access/administrator.js';
import { type Cursor, type ListPage, PAGE_SIZE, toPage } from '../pagination.js';

export interface AuditRecord {
  number: number;
  at: Date;
  actor: Actor;
  action: string;
  target: string | null;
  reason: string;
  details: Record<string, string | number | boolean | null>;
}

export interface AuditFilter extends Cursor<number> {
  actor?: string;
  action?: string;
  target?: string;
  from?: Date;
  to?: Date;
}

/** Reads the audit. */
@Injectable()
export class AuditRepository {
  constructor(@InjectLibraryDataSource() private readonly dataSource: DataSource) {}

  /** Newest first. */
  async list({ actor, action, target, from, to, ...cursor }: AuditFilter): Promise<ListPage<AuditRecord>> {
    const isBack = cursor.before !== undefined;
    const rows = await rowsOf<AuditRecord & { number: string }>(
      this.dataSource,
      `SELECT number, at, actor, action, target, reason, details FROM otp_admin_audit
        WHERE ($1::text IS NULL OR actor = $1) AND ($2::text IS NULL OR action = $2)
          AND ($3::text IS NULL OR target = $3) AND ($4::timestamptz IS NULL OR at >= $4)
          AND ($5::timestamptz IS NULL OR at < $5)
          AND ($6::bigint IS NULL OR number ${isBack ? '>' : '<'} $6)
        ORDER BY number ${isBack ? 'ASC' : 'DESC'} LIMIT ${PAGE_SIZE + 1}`,
      [actor, action, target, from, to, cursor.before ?? cursor.after].map((value) => value ?? null),
    );
    const records = rows.map((row) => ({ ...row, number: Number(row.number) }));
    return toPage(records, cursor);
  }
}
