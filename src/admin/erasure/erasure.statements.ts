/** `$1`: fingerprints of the person's numbers; `$2`: the user, or null when only the number is erased. */
const THEIRS = `(r.phone_fingerprint = ANY($1::bytea[]) OR $2::text IS NOT NULL AND r.user_id = $2)`;

export const LIVE_REQUESTS = `
  SELECT r.id FROM otp_verification_requests r
   WHERE ${THEIRS} AND r.status IN ('SENDING', 'PENDING') AND r.expires_at > clock_timestamp()`;

/** Numbers that the user has proven or tried to, each sealed for its column and row; but none that is a factor of somebody else. */
export const KNOWN_NUMBERS = `
  SELECT DISTINCT ON (phone_fingerprint) id, source, phone_number AS sealed, phone_fingerprint AS fingerprint
    FROM (SELECT id, 'enrolled_phones.phone_number' AS source, phone_fingerprint, phone_number
            FROM otp_enrolled_phones WHERE user_id = $1
          UNION ALL
          SELECT id, 'verification_requests.phone_number', phone_fingerprint, phone_number
            FROM otp_verification_requests
           WHERE user_id = $1 AND phone_number IS NOT NULL) n
   WHERE NOT EXISTS (SELECT FROM otp_enrolled_phones o WHERE o.phone_fingerprint = n.phone_fingerprint AND o.user_id <> $1)`;

/** Who has asked for codes to the numbers $1 (a bucket may name both), and whose factor the number $2 is. */
export const USERS_OF_NUMBER = `
  SELECT DISTINCT user_id AS "userId", false AS "isOwner" FROM otp_verification_requests
   WHERE phone_fingerprint = ANY($1::bytea[]) AND user_id IS NOT NULL
  UNION SELECT user_id, true FROM otp_enrolled_phones WHERE phone_fingerprint = ANY($2::bytea[])`;

/**
 * Up to $3 requests: what is personal is overwritten. A fingerprint has to be there, so it becomes one of nothing. The
 * country stays, for the statistics; so do the events, which hold nothing personal.
 */
export const REQUESTS = `
  UPDATE otp_verification_requests r
     SET phone_number = NULL, phone_last_digits = '', phone_fingerprint = sha256(uuid_send(gen_random_uuid())),
         prefix_fingerprint = NULL, caller_fingerprint = sha256(uuid_send(gen_random_uuid())), caller_bound = true,
         caller_address = NULL, caller_agent = NULL, prover_fingerprint = NULL, context = NULL, confirmed_for = '', user_id = NULL
   WHERE r.id IN (SELECT r.id FROM otp_verification_requests r WHERE ${THEIRS} ORDER BY r.id LIMIT $3 FOR UPDATE)
  RETURNING r.id`;

/** Decisions keep what was decided by which rule. */
const ANONYMOUS = `
  UPDATE otp_decisions d
     SET phone_fingerprint = NULL, phone_last_digits = NULL, user_fingerprint = NULL,
         address_fingerprint = NULL,
         rules = (SELECT coalesce(json_agg(e.rule - 'key' - 'input' ORDER BY e.place), '[]')
                    FROM jsonb_array_elements(d.rules::jsonb) WITH ORDINALITY AS e(rule, place))`;

export const DECISIONS_OF_REQUESTS = `${ANONYMOUS} WHERE d.request_id = ANY($1::uuid[]) RETURNING 1`;

/** Those that no request came of. */
export const DECISIONS = `
  ${ANONYMOUS}
   WHERE d.phone_fingerprint = ANY($1::bytea[]) OR d.user_fingerprint = ANY($2::bytea[])
  RETURNING 1`;

export const RATE_COUNTERS = `DELETE FROM otp_rate_counters WHERE key = ANY($1::bytea[]) RETURNING 1`;

export const ENROLLED_PHONES = `
  DELETE FROM otp_enrolled_phones WHERE phone_fingerprint = ANY($1::bytea[]) AND user_id = $2 RETURNING 1`;

/** Those that {@link ENROLLED_PHONES} would delete, of all owners. */
export const PHONES_OF_OWNERS = `
  SELECT user_id AS "userId" FROM otp_enrolled_phones
   WHERE phone_fingerprint = ANY($1::bytea[]) AND user_id = ANY($2::text[])`;

/** Rows of the number, of any user. */
export const OF_NUMBER = {
  number_slots: 'DELETE FROM otp_number_slots WHERE phone_fingerprint = ANY($1::bytea[]) RETURNING 1',
  code_messages: 'DELETE FROM otp_code_messages WHERE phone_fingerprint = ANY($1::bytea[]) RETURNING 1',
  block_entries: 'DELETE FROM otp_block_entries WHERE fingerprint = ANY($1::bytea[]) RETURNING 1',
} as const;

/** Of the user. Second factors are taken by {@link FactorChanges.reset}. */
export const OF_USER = {
  number_slots: 'DELETE FROM otp_number_slots WHERE confirmed_for = $1 RETURNING 1',
  user_wrong_codes: 'DELETE FROM otp_user_wrong_codes WHERE user_id = $1 RETURNING 1',
} as const;
