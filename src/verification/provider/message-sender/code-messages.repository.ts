import { statement, type StatementRunner } from '../../../database/statement.js';

/** How a message ended; null while its code is accepted. */
export type MessageEnd = 'verified' | 'failed' | 'cancelled' | 'expired' | 'rejected' | 'not-sent';

/** A message of a number, as a start finds or makes it. */
export interface ClaimedMessage {
  id: string;
  keyId: string;
  codeLength: number;
  /** The try that this process makes. */
  tries: number;
  /** False: the number has a message that is not this process's to send. */
  isClaimed: boolean;
}

interface NewMessage {
  id: string;
  fingerprint: Buffer;
  /** Of the number, under every key of the ring. */
  fingerprints: Buffer[];
  keyId: string;
  codeLength: number;
  clientReference: string;
  ttlSeconds: number;
  leaseSeconds: number;
  maxTries: number;
}

/** Messages with codes of our own, in Postgres. A method is one statement, and one statement is one transaction. */
export class CodeMessages {
  constructor(private readonly statements: StatementRunner) {}

  /**
   * Makes a message for a number that has no live one, or takes over the same request's message whose sending was lost.
   * @returns null when another process has made one at this moment
   */
  claim(message: NewMessage): Promise<ClaimedMessage | null> {
    return this.statements.one(CLAIM_CODE_MESSAGE, message);
  }

  /** Records the result of a try to send. Ignored when another process has taken the message over. */
  async finish(
    { id, tries }: Pick<ClaimedMessage, 'id' | 'tries'>,
    outcome: 'sent' | 'unknown' | 'rejected' | 'not-sent',
  ): Promise<void> {
    await this.statements.all(FINISH_CODE_MESSAGE, { id, tries, outcome });
  }

  /**
   * Spends one attempt.
   * @param keys under which the code is right
   * @returns how the message ended by it, `null` when it did not; undefined when its code is not accepted any more
   */
  async check(given: {
    id: string;
    keys: string[];
    codeLength: number;
    maxAttempts: number;
  }): Promise<MessageEnd | null | undefined> {
    return (await this.statements.one(CHECK_CODE_MESSAGE, given))?.endedAs;
  }

  /** Ends a message that is old enough. */
  async cancel(id: string, minimumAgeSeconds: number): Promise<'cancelled' | 'too-early' | 'gone'> {
    const row = await this.statements.one(CANCEL_CODE_MESSAGE, { id, minimumAgeSeconds });
    return row?.isCancelled ? 'cancelled' : row?.isLive ? 'too-early' : 'gone';
  }

  /** @returns how a message ended, null while it is live; undefined when there is none */
  async find(id: string): Promise<MessageEnd | null | undefined> {
    return (await this.statements.one(FIND_CODE_MESSAGE, { id }))?.endedAs;
  }
}

/** At most one live message per number, by the unique index. */
export const CLAIM_CODE_MESSAGE = statement<NewMessage, ClaimedMessage>(
  'claim-code-message',
  `
  WITH expired AS (
    UPDATE otp_code_messages m SET ended_as = 'expired'
     WHERE m.phone_fingerprint = ANY(:fingerprints::bytea[]) AND m.ended_as IS NULL AND m.expires_at <= clock_timestamp()
    RETURNING 1),
  live AS (
    SELECT m.id, m.key_id, m.code_length, m.tries FROM otp_code_messages m
     WHERE m.phone_fingerprint = ANY(:fingerprints) AND m.ended_as IS NULL AND m.expires_at > clock_timestamp()),
  lost AS (
    UPDATE otp_code_messages m
       SET tries = m.tries + 1, lease_until = clock_timestamp() + make_interval(secs => :leaseSeconds::float8)
     WHERE m.phone_fingerprint = ANY(:fingerprints) AND m.ended_as IS NULL AND m.expires_at > clock_timestamp()
       AND m.client_reference = :clientReference::text AND m.sent_at IS NULL AND m.lease_until <= clock_timestamp()
       AND m.tries < :maxTries::int
    RETURNING m.id, m.key_id, m.code_length, m.tries),
  made AS (
    INSERT INTO otp_code_messages
      (id, phone_fingerprint, client_reference, key_id, code_length, tries, lease_until, created_at, expires_at)
    SELECT :id::uuid, :fingerprint::bytea, :clientReference, :keyId::text, :codeLength::int, 1,
           clock_timestamp() + make_interval(secs => :leaseSeconds), clock_timestamp(),
           clock_timestamp() + make_interval(secs => :ttlSeconds::float8)
     WHERE (SELECT count(*) FROM expired) >= 0 AND NOT EXISTS (SELECT FROM live)
    ON CONFLICT (phone_fingerprint) WHERE ended_as IS NULL DO NOTHING
    RETURNING id, key_id, code_length, tries)
  SELECT id, key_id, code_length, tries, true AS is_claimed FROM made
  UNION ALL SELECT id, key_id, code_length, tries, true FROM lost
  UNION ALL SELECT id, key_id, code_length, tries, false FROM live WHERE NOT EXISTS (SELECT FROM lost)`,
);

/** A message that was certainly not sent is a try less; without any other it is over, and the number free. */
export const FINISH_CODE_MESSAGE = statement<{ id: string; tries: number; outcome: string }>(
  'finish-code-message',
  `
  UPDATE otp_code_messages m
     SET sent_at = CASE WHEN :outcome::text = 'sent' THEN clock_timestamp() END, lease_until = clock_timestamp(),
         tries = m.tries - CASE WHEN :outcome = 'not-sent' THEN 1 ELSE 0 END,
         ended_as = coalesce(m.ended_as, CASE WHEN :outcome = 'rejected' OR :outcome = 'not-sent' AND m.tries = 1
                                              THEN :outcome END)
   WHERE m.id = :id AND m.tries = :tries::int AND m.sent_at IS NULL`,
);

/** Checks of one message wait for its row, so each attempt is counted and a code is accepted once. */
export const CHECK_CODE_MESSAGE = statement<
  { id: string; keys: string[]; codeLength: number; maxAttempts: number },
  { endedAs: MessageEnd | null }
>(
  'check-code-message',
  `
  UPDATE otp_code_messages m
     SET attempts = m.attempts + 1,
         ended_as = CASE WHEN m.key_id = ANY(:keys::text[]) AND m.code_length = :codeLength::int THEN 'verified'
                         WHEN m.attempts + 1 >= :maxAttempts::int THEN 'failed' END
   WHERE m.id = :id::uuid AND m.ended_as IS NULL AND m.expires_at > clock_timestamp()
  RETURNING m.ended_as`,
);

export const CANCEL_CODE_MESSAGE = statement<
  { id: string; minimumAgeSeconds: number },
  { isCancelled: boolean; isLive: boolean }
>(
  'cancel-code-message',
  `
  WITH cancelled AS (
    UPDATE otp_code_messages m SET ended_as = 'cancelled'
     WHERE m.id = :id::uuid AND m.ended_as IS NULL AND m.expires_at > clock_timestamp()
       AND m.created_at <= clock_timestamp() - make_interval(secs => :minimumAgeSeconds::float8)
    RETURNING 1)
  SELECT EXISTS (SELECT FROM cancelled) AS is_cancelled,
         EXISTS (SELECT FROM otp_code_messages m
                  WHERE m.id = :id AND m.ended_as IS NULL AND m.expires_at > clock_timestamp()) AS is_live`,
);

export const FIND_CODE_MESSAGE = statement<{ id: string }, { endedAs: MessageEnd | null }>(
  'find-code-message',
  `
  SELECT CASE WHEN m.ended_as IS NULL AND m.expires_at <= clock_timestamp() THEN 'expired' ELSE m.ended_as END AS ended_as
    FROM otp_code_messages m WHERE m.id = :id::uuid`,
);
