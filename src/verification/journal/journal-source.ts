/** A position before the first row: the lowest bigint, because rows that were restored from a dump have negative ids. */
export const BEFORE_ALL = '-9223372036854775808';

/** One row of a journal, as it is sealed. */
export interface JournalRow {
  /** The transaction that wrote it. */
  xid: string;
  /** Null in the audit, whose rows have only a number. */
  requestId: string | null;
  /** Of the event within its request, or of the audit's entry. */
  number: number;
  at: Date;
  /** Every column that the seal covers, as text and in a fixed order. */
  values: (string | null)[];
}

/** An append-only table whose rows carry the transaction that wrote them, and how to read it. */
export interface JournalSource {
  /** Names its seals and its cursors. */
  name: 'verification' | 'audit';
  table: string;
  /**
   * The last transaction of the next batch: after `$1`, about `$2` rows, and certainly over, so that no row with a lower
   * xid can still appear. A batch holds whole transactions. No row when there is nothing to read.
   */
  endOfBatch: string;
  /** The rows of the transactions after `$1`, up to and including `$2`, in their fixed order, as `JournalRow`. */
  rowsBetween: string;
  /** How many rows there are after transaction `$1`. */
  countAfter: string;
}

/** The events of all requests. */
export const VERIFICATION_JOURNAL: JournalSource = {
  name: 'verification',
  table: 'otp_verification_events',
  endOfBatch: `
    SELECT xid FROM (
      SELECT xid FROM otp_verification_events
       WHERE xid > $1::bigint AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
       ORDER BY xid LIMIT $2) AS batch
     ORDER BY xid DESC LIMIT 1`,
  rowsBetween: `
    SELECT xid, request_id AS "requestId", number, at,
           ARRAY[request_id::text, number::text, (extract(epoch FROM at) * 1000000)::bigint::text, type, from_status,
                 to_status, reason, actor, provider_status, price::text, currency, provider_request_id] AS values
      FROM otp_verification_events
     WHERE xid > $1::bigint AND xid <= $2::bigint
     ORDER BY request_id, number`,
  countAfter: 'SELECT count(*)::int AS count FROM otp_verification_events WHERE xid > $1::bigint',
};
