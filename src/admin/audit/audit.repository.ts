import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { rowsOf } from '../../database/sql.js';
import type { Actor } from '../access/administrator.js';

export interface AuditRecord {
  number: number;
  at: Date;
  actor: Actor;
  action: string;
  target: string | null;
  reason: string;
  details: Record<string, string | number | boolean | null>;
}

export interface AuditFilter {
  actor?: string;
  action?: string;
  target?: string;
  from?: Date;
  to?: Date;
  /** Entries older than this number. */
  after?: number;
  /** Entries newer than this number. */
  before?: number;
}

export interface AuditList {
  items: AuditRecord[];
  hasOlder: boolean;
  hasNewer: boolean;
}

const PAGE = 50;

/** Reads the audit. */
@Injectable()
export class AuditRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Newest first. */
  async list({ actor, action, target, from, to, after, before }: AuditFilter): Promise<AuditList> {
    const values = [actor ?? null, action ?? null, target ?? null, from ?? null, to ?? null];
    const direction = before === undefined ? 'DESC' : 'ASC';
    const bound = before ?? after ?? null;
    const rows = await rowsOf<AuditRecord & { number: string }>(
      this.dataSource,
      `SELECT number, at, actor, action, target, reason, details FROM admin_audit
        WHERE ($1::text IS NULL OR actor = $1) AND ($2::text IS NULL OR action = $2)
          AND ($3::text IS NULL OR target = $3) AND ($4::timestamptz IS NULL OR at >= $4)
          AND ($5::timestamptz IS NULL OR at < $5)
          AND ($6::bigint IS NULL OR number ${before === undefined ? '<' : '>'} $6)
        ORDER BY number ${direction} LIMIT ${PAGE + 1}`,
      [...values, bound],
    );
    const more = rows.length > PAGE;
    const items = rows.slice(0, PAGE).map((row) => ({ ...row, number: Number(row.number) }));
    if (before !== undefined) items.reverse();
    return {
      items,
      hasOlder: before === undefined ? more : true,
      hasNewer: before === undefined ? after !== undefined : more,
    };
  }
}
