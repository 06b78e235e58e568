import type { Status } from './state.js';
import type { World } from './world.js';

/** One request as the database has it. */
export interface Row {
  id: string;
  number: number;
  status: Status;
  reason: string | null;
  attempts: number;
  maxAttempts: number;
  sends: number;
  channel: string;
  providerId: string | null;
  isSending: boolean;
  claimed: boolean;
  inDoubt: boolean;
  events: number;
  isInTime: boolean;
}

/** What the database knows of one number. */
export interface GuardRow {
  number: number;
  wrong: number;
  live: string | null;
  waits: boolean;
}

export interface Rows {
  requests: Row[];
  guards: GuardRow[];
}

/** The rows of one sequence, past the application; requests in the order in which they began. */
export async function readRows({ instances, phones }: World): Promise<Rows> {
  const { sql } = instances.application;
  const fingerprints = phones.map(({ fingerprint }) => fingerprint);
  const requests = await sql.query<Row>(
    `SELECT id, array_position($1::bytea[], phone_fingerprint) - 1 AS number, status, reason, attempts,
            max_attempts AS "maxAttempts", sends, channel, provider_request_id AS "providerId",
            send_lease_until IS NOT NULL AS "isSending", lease_token IS NOT NULL AS claimed, check_in_doubt AS "inDoubt",
            events, expires_at > clock_timestamp() AS "isInTime"
       FROM otp_verification_requests WHERE phone_fingerprint = ANY($1) ORDER BY created_at`,
    [fingerprints],
  );
  const guards = await sql.query<GuardRow>(
    `SELECT array_position($1::bytea[], phone_fingerprint) - 1 AS number, wrong_codes AS wrong,
            live_request_id AS live, coalesce(wait_until > clock_timestamp(), false) AS waits
       FROM otp_number_slots WHERE phone_fingerprint = ANY($1)`,
    [fingerprints],
  );
  return { requests: requests.rows, guards: guards.rows };
}
