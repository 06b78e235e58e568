import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import type { EvaluatedRule } from '../../verification/index.js';
import { type Cursor, type ListPage, PAGE_SIZE, toPage } from '../pagination.js';
import { firstIdOf, lastIdOf, Parameters } from './history.filter.js';

export interface EventRow {
  at: Date;
  type: string;
  status: string;
  actor: string;
  reason: string | null;
  providerStatus: string | null;
  providerRequestId: string | null;
  price: string | null;
  currency: string | null;
}

export interface DecisionRow {
  id: string;
  at: Date;
  action: string;
  outcome: string;
  rule: string | null;
  requestId: string | null;
  rules: EvaluatedRule[];
  country: string | null;
  lastDigits: string | null;
  userFingerprint: Buffer | null;
  addressFingerprint: Buffer | null;
  purpose: string | null;
}

export interface DecisionFilter {
  from?: Date;
  to?: Date;
  fingerprints?: Buffer[];
  /** Of a user's id, under every key. */
  users?: Buffer[];
  /** Of an address, under every key. */
  addresses?: Buffer[];
  rule?: string;
  outcome?: string;
}

/** What happened to one request, and why; and what was decided where no request came of it. */
@Injectable()
export class TimelineRepository {
  constructor(@InjectLibraryDataSource() private readonly dataSource: DataSource) {}

  events(requestId: string): Promise<EventRow[]> {
    return rowsOf(
      this.dataSource,
      `SELECT at, type, to_status AS status, actor, reason, provider_status AS "providerStatus",
              provider_request_id AS "providerRequestId", price, currency
         FROM otp_verification_events WHERE request_id = $1 ORDER BY number`,
      [requestId],
    );
  }

  decisions(requestId: string): Promise<DecisionRow[]> {
    return rowsOf(
      this.dataSource,
      `SELECT ${COLUMNS} FROM otp_decisions d WHERE d.request_id = $1 ORDER BY d.at, d.id LIMIT 500`,
      [requestId],
    );
  }

  /** Decisions that no request came of, newest first; for a page as in the history. */
  async page(filter: DecisionFilter, cursor: Cursor): Promise<ListPage<DecisionRow>> {
    const parameters = new Parameters();
    const isBack = cursor.before !== undefined;
    const bound = cursor.before ?? cursor.after;
    const conditions = [
      `d.action = 'start'`,
      `d.outcome = ${filter.outcome === undefined ? `'refused'` : parameters.add(filter.outcome)}`,
      ...(filter.from
        ? [
            `d.at >= ${parameters.add(filter.from)}`,
            `d.id >= ${parameters.add(firstIdOf(filter.from))}::uuid`,
          ]
        : []),
      ...(filter.to
        ? [`d.at < ${parameters.add(filter.to)}`, `d.id <= ${parameters.add(lastIdOf(filter.to))}::uuid`]
        : []),
      ...(filter.fingerprints
        ? [`d.phone_fingerprint = ANY(${parameters.add(filter.fingerprints)}::bytea[])`]
        : []),
      ...(filter.users ? [`d.user_fingerprint = ANY(${parameters.add(filter.users)}::bytea[])`] : []),
      ...(filter.addresses
        ? [`d.address_fingerprint = ANY(${parameters.add(filter.addresses)}::bytea[])`]
        : []),
      ...(filter.rule === undefined ? [] : [`d.rule = ${parameters.add(filter.rule)}`]),
      ...(bound === undefined ? [] : [`d.id ${isBack ? '>' : '<'} ${parameters.add(bound)}::uuid`]),
    ];
    const rows = await this.dataSource.transaction(async (sql) => {
      await rowsIn(sql, 'SET LOCAL statement_timeout = 5000');
      return rowsIn<DecisionRow>(
        sql,
        `SELECT ${COLUMNS} FROM otp_decisions d WHERE ${conditions.join(' AND ')}
          ORDER BY d.id ${isBack ? 'ASC' : 'DESC'} LIMIT ${PAGE_SIZE + 1}`,
        parameters.values,
      );
    });
    return toPage(rows, cursor);
  }
}

const COLUMNS = `
  d.id, d.at, d.action, d.outcome, d.rule, d.request_id AS "requestId", d.rules, d.phone_country AS country,
  d.phone_last_digits AS "lastDigits", d.user_fingerprint AS "userFingerprint",
  d.address_fingerprint AS "addressFingerprint", d.purpose`;
