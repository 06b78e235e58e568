import { change, COLUMNS, isLive } from './fragments.js';

/** What the provider tells by itself. */
export const PROVIDER_STATEMENTS = {
  /**
   * Takes a notification once ($1: its fingerprint) and if it is young ($2: when it was made, in seconds; $3: how old it
   * may be), and writes what it says into the request $4, if that is the provider's $5: the verdict $6, the price $8 $9.
   * Decides nothing: a request in a terminal state only gets its price.
   */
  receive: change({
    before: `
      receipt AS (
        INSERT INTO webhook_receipts (payload_hash, received_at)
        SELECT $1, clock_timestamp()
         WHERE abs(extract(epoch FROM clock_timestamp()) - $2::float8) <= $3::float8
        ON CONFLICT DO NOTHING RETURNING 1),
      b AS (
        SELECT r.id, r.status FROM verification_requests r
         WHERE r.id = $4::uuid AND EXISTS (SELECT 1 FROM receipt) FOR UPDATE)`,
    set: `provider_verdict = CASE WHEN r.provider_request_id IS NULL OR r.provider_request_id = $5::text
                                  THEN coalesce($6::text, r.provider_verdict) ELSE r.provider_verdict END,
          price = coalesce($8::numeric + coalesce(r.price, 0), r.price), currency = coalesce($9::text, r.currency)`,
    using: 'b',
    where: 'r.id = b.id',
    entry: {
      type: `'reported'`,
      from: 'b.status',
      to: 'b.status',
      actor: `'provider'`,
      providerStatus: '$7::text',
      price: '$8::numeric',
      currency: '$9::text',
    },
  }),

  /** Whether a notification made at $1 (in seconds) is young enough ($2), by the database's clock. */
  isYoung: `SELECT abs(extract(epoch FROM clock_timestamp()) - $1::float8) <= $2::float8 AS young`,

  /** Ends a request in SENDING or PENDING as the provider has ended it, unless a check is being judged just now. */
  findOpenVerdict: `
    SELECT ${COLUMNS} FROM verification_requests r
     WHERE r.id = $1 AND ${isLive('r')} AND r.provider_verdict IS NOT NULL`,
} as const;
