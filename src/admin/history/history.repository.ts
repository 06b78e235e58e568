import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import {
  type EndReason,
  longestLifeSeconds,
  type PublicStatus,
  VERIFICATION_POLICY,
  type VerificationPolicy,
} from '../../verification/index.js';
import { type Cursor, type ListPage, PAGE_SIZE, toPage } from '../pagination.js';
import { branchesOf, type HistoryFilter, Parameters } from './history.filter.js';

/** One request, as the history shows it. */
export interface HistoryRow {
  id: string;
  createdAt: Date;
  /** The public one: time ends live requests without anybody's help. */
  status: PublicStatus;
  reason: EndReason | null;
  purpose: string;
  channel: string;
  country: string;
  lastDigits: string;
  userId: string | null;
  address: string | null;
  agent: string | null;
  provider: string;
  providerRequestId: string | null;
  attempts: number;
  sends: number;
  expiresAt: Date;
  verifiedAt: Date | null;
  endedAt: Date | null;
  /** Decimal text. */
  price: string | null;
  currency: string | null;
  /** The number is erased. */
  isErased: boolean;
}

/** What finds so little that it takes longer is to be narrowed, not waited for. */
const LONGEST_SEARCH_MS = 5000;
/** So few that neither the rows nor the text made of them outlive V8's young generation: memory stays flat. */
const BATCH = 100;

/** Postgres has given up at the time limit. */
export const isTooSlow = (error: unknown): boolean => (error as { code?: string }).code === '57014';

@Injectable()
export class HistoryRepository {
  private readonly liveSeconds: number;

  constructor(
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    @Inject(VERIFICATION_POLICY) policy: VerificationPolicy,
  ) {
    this.liveSeconds = longestLifeSeconds(policy);
  }

  /** Newest first. @throws an error that {@link isTooSlow} when the filters match too few rows */
  async page(filter: HistoryFilter, cursor: Cursor, size = PAGE_SIZE): Promise<ListPage<HistoryRow>> {
    return toPage(await this.search(filter, cursor, size + 1), cursor, size);
  }

  /**
   * Everything that is found, newest first, in batches; no transaction is open between two of them. Each is one statement
   * on the pool: V8 frees the rows of a promise of a connection's own later.
   * @throws an error that {@link isTooSlow} after the data source's own time limit
   */
  async *all(filter: HistoryFilter): AsyncGenerator<HistoryRow[]> {
    let cursor: Cursor = {};
    for (;;) {
      const { text, values } = statementFor(filter, cursor, BATCH, this.liveSeconds);
      const rows = await rowsOf<HistoryRow>(this.dataSource, text, values);
      if (rows.length > 0) yield rows;
      if (rows.length < BATCH) return;
      cursor = { after: rows.at(-1)!.id };
    }
  }

  /** One request; null when there is none. */
  async find(id: string): Promise<HistoryRow | null> {
    const rows = await rowsOf<HistoryRow>(
      this.dataSource,
      `SELECT ${COLUMNS} FROM otp_verification_requests r WHERE r.id = $1`,
      [id],
    );
    return rows[0] ?? null;
  }

  private search(filter: HistoryFilter, cursor: Cursor, limit: number): Promise<HistoryRow[]> {
    const { text, values } = statementFor(filter, cursor, limit, this.liveSeconds);
    return this.dataSource.transaction(async (sql) => {
      await rowsIn(sql, `SET LOCAL statement_timeout = ${LONGEST_SEARCH_MS}`);
      // Compiling a plan takes longer than these plans run.
      await rowsIn(sql, 'SET LOCAL jit = off');
      return rowsIn<HistoryRow>(sql, text, values);
    });
  }
}

/** One page as Postgres reads it. @param liveSeconds how old a request can be that is not over */
export function statementFor(
  filter: HistoryFilter,
  cursor: Cursor,
  limit: number,
  liveSeconds: number,
): { text: string; values: unknown[] } {
  const parameters = new Parameters();
  const direction = cursor.before === undefined ? 'DESC' : 'ASC';
  const branches = branchesOf(filter, parameters, liveSeconds);
  const bound = cursor.before ?? cursor.after;
  const id = bound === undefined ? null : parameters.add(bound);
  const selects = branches.map(({ events, where }) => {
    // The index that has the order: of the events where it is they that are looked in.
    const key = events ? 'e.request_id' : 'r.id';
    const beyond = id === null ? '' : ` AND ${key} ${direction === 'DESC' ? '<' : '>'} ${id}::uuid`;
    const source = events
      ? 'otp_verification_events e JOIN otp_verification_requests r ON r.id = e.request_id'
      : 'otp_verification_requests r';
    return `(SELECT ${COLUMNS} FROM ${source} WHERE ${where}${beyond} ORDER BY ${key} ${direction} LIMIT ${limit})`;
  });
  const text =
    selects.length === 1
      ? selects[0]!
      : `SELECT * FROM (${selects.join(' UNION ALL ')}) found ORDER BY id ${direction} LIMIT ${limit}`;
  return { text, values: parameters.values };
}

const COLUMNS = `
  r.id, r.created_at AS "createdAt",
  CASE WHEN r.status IN ('SENDING', 'PENDING')
       THEN CASE WHEN r.expires_at <= clock_timestamp() THEN 'EXPIRED' ELSE 'PENDING' END ELSE r.status END AS status,
  r.reason, r.purpose, r.channel, r.phone_country AS country, r.phone_last_digits AS "lastDigits",
  r.user_id AS "userId", r.caller_address AS address, r.caller_agent AS agent, r.provider,
  r.provider_request_id AS "providerRequestId", r.attempts, r.sends, r.expires_at AS "expiresAt",
  r.verified_at AS "verifiedAt", r.ended_at AS "endedAt", r.price, r.currency, r.phone_number IS NULL AS "isErased"`;
