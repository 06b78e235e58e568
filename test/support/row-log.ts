import type { Pool } from 'pg';

/** A request's row as it was after one change, oldest first. */
export interface RowVersion {
  requestId: string;
  status: string;
  reason: string | null;
  attempts: number;
  providerRequestId: string | null;
  expiresAt: Date;
  /** When the change was made, by the database's clock. */
  at: Date;
}

/** Has the database itself write down every state that a request's row is ever in. For a test's own database, by a superuser. */
export async function installRowLog(sql: Pool): Promise<void> {
  await sql.query(`
    CREATE TABLE row_log (
      n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, request_id uuid NOT NULL,
      status text NOT NULL, reason text, attempts int NOT NULL, provider_request_id text, expires_at timestamptz NOT NULL);
    CREATE FUNCTION log_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO row_log (at, request_id, status, reason, attempts, provider_request_id, expires_at)
      VALUES (clock_timestamp(), NEW.id, NEW.status, NEW.reason, NEW.attempts, NEW.provider_request_id, NEW.expires_at);
      RETURN NULL;
    END $$;
    CREATE TRIGGER log_row AFTER INSERT OR UPDATE ON otp_verification_requests FOR EACH ROW EXECUTE FUNCTION log_row();`);
}

export async function readRowLog(sql: Pool): Promise<RowVersion[]> {
  // A row's own versions are numbered under its lock, so their order is the order of the changes.
  const { rows } = await sql.query<RowVersion>(
    `SELECT request_id AS "requestId", status, reason, attempts, provider_request_id AS "providerRequestId",
            expires_at AS "expiresAt", at FROM row_log ORDER BY n`,
  );
  return rows;
}
