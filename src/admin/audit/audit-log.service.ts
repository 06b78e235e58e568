import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import type { Actor } from '../access/administrator.js';

/** One action of an administrator, to be written to the audit. */
export interface AuditEntry {
  actor: Actor;
  /** What was done, such as `request.cancelled`. */
  action: string;
  /** To what: an id, never a number. */
  target?: string;
  reason: string;
  details?: Record<string, string | number | boolean | null>;
}

/**
 * Who did what, when and why. An entry is written before the act, or in its transaction: what is not in the audit was not
 * done by way of this application.
 */
@Injectable()
export class AuditLog {
  constructor(@InjectLibraryDataSource() private readonly dataSource: DataSource) {}

  /** @returns the entry's number. @throws when it cannot be written: then the act must not happen */
  async append(entry: AuditEntry): Promise<number> {
    return numberOf(await rowsOf<Row>(this.dataSource, APPEND, valuesOf(entry)));
  }

  /** The same within a transaction. */
  async appendIn(sql: EntityManager, entry: AuditEntry): Promise<number> {
    return numberOf(await rowsIn<Row>(sql, APPEND, valuesOf(entry)));
  }

  /**
   * An act and its entry, both or none.
   * @param entry may depend on what was done
   * @param act returns null when there is nothing to do: then there is no entry
   */
  async with<T>(
    entry: AuditEntry | ((done: T) => AuditEntry),
    act: (sql: EntityManager) => Promise<T | null>,
  ): Promise<T | null> {
    return this.dataSource.transaction(async (sql) => {
      const done = await act(sql);
      if (done !== null) await this.appendIn(sql, typeof entry === 'function' ? entry(done) : entry);
      return done;
    });
  }
}

interface Row {
  number: string;
}
const numberOf = ([row]: Row[]) => Number(row!.number);

const valuesOf = ({ actor, action, target, reason, details }: AuditEntry) => [
  actor,
  action,
  target ?? null,
  reason,
  JSON.stringify(details ?? {}),
];

const APPEND = `
  INSERT INTO otp_admin_audit (at, actor, action, target, reason, details)
  VALUES (now(), $1, $2, $3, $4, $5::jsonb)
  RETURNING number`;
