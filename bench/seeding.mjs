/** Requests per transaction. The journal is sealed in whole transactions, each of which must fit into memory. */
const BATCH = 5_000;
/** What was seeded is known by what stands where a sealed number would. */
export const MARK = 'seeded:';

/**
 * @typedef {object} Sql
 * @property {(text: string, values?: unknown[]) => Promise<{ rows: any[] }>} query on one connection
 */

/**
 * Fills an empty, migrated database with the history of a service: requests over the past days, to many countries, by many
 * people and addresses, with their events and decisions. The same every time, but
 * for the moment when it ends. No number in it can be revealed.
 * @param {Sql} sql
 * @param {{ rows: number, days: number, progress?: (done: number, of: number) => void }} how
 */
export async function seedHistory(sql, { rows, days, progress = () => undefined }) {
  const {
    rows: [{ now }],
  } = await sql.query(`SELECT now() - interval '1 minute' AS now`);
  const indexes = await dropIndexes(sql);
  await sql.query(PREPARE);
  for (let from = 0; from < rows; from += BATCH) {
    const upTo = Math.min(rows, from + BATCH);
    await sql.query('BEGIN');
    await sql.query('SET LOCAL synchronous_commit = off');
    await sql.query('TRUNCATE seeded, seeded_events');
    await sql.query(SEEDED, [from, upTo - 1, rows, days, now]);
    await sql.query(HISTORY);
    await sql.query(REQUESTS);
    await sql.query(EVENTS);
    await sql.query(ALLOWED);
    await sql.query(REFUSED);
    await sql.query('COMMIT');
    progress(upTo, rows);
  }
  for (const { definition } of indexes) await sql.query(definition);
  await forgetStatistics(sql);
  await sql.query('VACUUM (FREEZE, ANALYZE)');
}

/** Whether the database holds what was not seeded. @param {Sql} sql @returns {Promise<boolean>} */
export async function holdsOthers(sql) {
  const { rows } = await sql.query(
    `SELECT 1 FROM otp_verification_requests WHERE phone_number IS NULL OR phone_number NOT LIKE '${MARK}%' LIMIT 1`,
  );
  return rows.length > 0;
}

/** Takes everything away that was seeded, when there is nothing else. @param {Sql} sql */
export async function clear(sql) {
  await sql.query('TRUNCATE otp_verification_requests, otp_verification_events, otp_decisions');
  await sql.query(`DELETE FROM otp_journal_seals WHERE journal = 'verification'`);
  await sql.query(`UPDATE otp_journal_cursors SET xid = 0 WHERE journal = 'verification'`);
  await forgetStatistics(sql);
}

/** A running instance has counted what was there before; it counts all anew. @param {Sql} sql */
const forgetStatistics = (sql) =>
  sql.query(
    `TRUNCATE otp_verification_rollups, otp_provider_status_rollups;
     UPDATE otp_rollup_state SET built_until = NULL, events_until = NULL, frozen_before = NULL`,
  );

/** Indexes are made afterwards, all at once. @param {Sql} sql @returns {Promise<{ name: string, definition: string }[]>} */
async function dropIndexes(sql) {
  const { rows } = await sql.query(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
      WHERE tablename IN ('otp_verification_requests', 'otp_verification_events', 'otp_decisions')
        AND indexdef NOT LIKE 'CREATE UNIQUE%'`,
  );
  for (const { name } of rows) await sql.query(`DROP INDEX ${name}`);
  return rows;
}

/** @type {(row: string, salt: number) => string} evenly between 0 and 1, the same for the same row */
const chance = (row, salt) => `((hashint8extended(${row}, ${salt}) & 1048575)::float8 / 1048576)`;
/** @type {(at: string, text: string) => string} a v7 id of that moment */
const idOf = (at, text) =>
  `(lpad(to_hex((extract(epoch FROM ${at}) * 1000)::bigint), 12, '0') || '7' || substr(${text}, 1, 3) || '8' || substr(${text}, 4, 15))::uuid`;
const COUNTRIES = [
  ['US', 0.4, '1'],
  ['GB', 0.55, '44'],
  ['DE', 0.67, '49'],
  ['IN', 0.77, '91'],
  ['FR', 0.85, '33'],
  ['BR', 0.9, '55'],
  ['NG', 0.93, '234'],
  ['ID', 0.96, '62'],
  ['JP', 0.985, '81'],
  ['SE', 0.995, '46'],
  ['IS', 0.9999, '354'],
  ['LI', 1, '423'],
];

const PREPARE = `
  CREATE TEMP TABLE seeded (
    i bigint, at timestamptz, id uuid, outcome text, wrong int, resent boolean, seconds float8, fingerprint bytea, digits text,
    country text, channel text, purpose text, user_id text, address text, agent text, first_message text, last_message text);
  CREATE TEMP TABLE seeded_events (
    id uuid, number int, at timestamptz, type text, from_status text, to_status text, reason text, actor text,
    provider_status text, price numeric, currency text, provider_request_id text)`;

/** Rows $1 to $2 of $3, over the $4 days before $5. Who is old enough has ended; somebody always waits for a code. */
const SEEDED = `
  INSERT INTO seeded
  SELECT i, at, ${idOf('at', 'random')},
         CASE WHEN at > $5::timestamptz - interval '6 minutes' THEN CASE WHEN fate < 0.5 THEN 'verified' ELSE 'live' END
              WHEN fate < 0.72 THEN 'verified' WHEN fate < 0.9 THEN 'expired' WHEN fate < 0.93 THEN 'attempts-exhausted'
              WHEN fate < 0.96 THEN 'send-rejected' WHEN fate < 0.97 THEN 'provider-ended'
              WHEN fate < 0.979 THEN 'fraud-blocked' WHEN fate < 0.98 THEN 'send-lost'
              WHEN fate < 0.9995 THEN 'cancelled-by-caller' WHEN fate < 0.9998 THEN 'superseded'
              ELSE 'cancelled-by-operator' END,
         CASE WHEN ${chance('i', 2)} < 0.1 THEN 1 ELSE 0 END, ${chance('i', 3)} < 0.08, 4 + 55 * ${chance('i', 4)} * ${chance('i', 5)},
         sha256(('number ' || number)::bytea), lpad((number % 100)::text, 2, '0'),
         CASE ${COUNTRIES.map(([country, below]) => `WHEN place < ${below} THEN '${country}'`).join(' ')} END,
         CASE WHEN ${chance('i', 6)} < 0.04 THEN 'voice' ELSE 'sms' END,
         CASE WHEN aim < 0.55 THEN 'phone-verification' WHEN aim < 0.9 THEN 'sign-in' WHEN aim < 0.98 THEN 'payment'
              WHEN aim < 0.99999 THEN 'account-recovery' ELSE 'demo' END,
         CASE WHEN aim >= 0.55 THEN 'user-' || number END,
         CASE WHEN ${chance('i', 7)} < 0.005 THEN '203.0.113.77'
              ELSE '198.' || 18 + number % 2 || '.' || number / 2 % 256 || '.' || number / 512 % 256 END,
         (ARRAY['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
                'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1',
                'Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36',
                'okhttp/5.1.0'])[1 + (number % 4)::int],
         md5('first ' || i)::uuid::text, md5('last ' || i)::uuid::text
    FROM generate_series($1::bigint, $2::bigint) AS i,
         LATERAL (SELECT $5::timestamptz - make_interval(secs => $4::float8 * 86400 * (1 - (i + ${chance('i', 8)}) / $3::float8)) AS at,
                         ${chance('i', 1)} AS fate, ${chance('i', 9)} AS aim, md5(i::text) AS random,
                         (hashint8extended(i, 10) & 9007199254740991) % greatest(1, $3::bigint / 4) AS number) AS made,
         LATERAL (SELECT ${chance('number', 11)} AS place) AS lives`;

const SENT = `s.outcome NOT IN ('send-rejected', 'fraud-blocked', 'send-lost')`;
const CLAIMED = `'check-claimed', 'PENDING', 'PENDING', NULL, 'caller', NULL`;
const MISMATCHED = `'mismatched', 'PENDING', 'PENDING', NULL, 'caller', 'mismatched'`;
const EXHAUSTED = `s.outcome = 'attempts-exhausted'`;
/** When, after how many seconds, and what: in order. */
const STEPS = [
  [`true`, `0`, `'started', NULL, 'SENDING', NULL, 'caller', NULL`, `NULL`],
  [SENT, `0.4`, `'sent', 'SENDING', 'PENDING', NULL, 'caller', 'started'`, `s.first_message`],
  [`s.resent AND ${SENT}`, `1`, `'resend-claimed', 'PENDING', 'PENDING', NULL, 'caller', NULL`, `NULL`],
  [
    `s.resent AND ${SENT}`,
    `1.4`,
    `'resent', 'PENDING', 'PENDING', NULL, 'caller', 'started'`,
    `s.last_message`,
  ],
  ...[2, 2.5, 3].flatMap((seconds, index) => {
    const when =
      index === 0 ? `(s.wrong > 0 AND s.outcome IN ('verified', 'expired') OR ${EXHAUSTED})` : EXHAUSTED;
    return [
      [when, `${seconds}`, CLAIMED, `NULL`],
      ...(index < 2 ? [[when, `${seconds + 0.3}`, MISMATCHED, `NULL`]] : []),
    ];
  }),
  [`s.outcome = 'verified'`, `s.seconds - 0.3`, CLAIMED, `NULL`],
  [
    `s.outcome = 'verified'`,
    `s.seconds`,
    `'matched', 'PENDING', 'VERIFIED', NULL, 'caller', 'matched'`,
    `NULL`,
  ],
  [`s.outcome = 'expired'`, `320`, `'time-ran-out', 'PENDING', 'EXPIRED', NULL, 'reconciler', NULL`, `NULL`],
  [EXHAUSTED, `3.3`, `'attempts-exhausted', 'PENDING', 'FAILED', s.outcome, 'caller', 'mismatched'`, `NULL`],
  [
    `s.outcome IN ('send-rejected', 'fraud-blocked')`,
    `0.4`,
    `s.outcome, 'SENDING', 'FAILED', s.outcome, 'caller', s.outcome`,
    `NULL`,
  ],
  [
    `s.outcome = 'send-lost'`,
    `320`,
    `'send-lost', 'SENDING', 'FAILED', 'send-lost', 'reconciler', NULL`,
    `NULL`,
  ],
  [
    `s.outcome = 'provider-ended'`,
    `20`,
    `'provider-ended', 'PENDING', 'FAILED', s.outcome, 'caller', 'gone'`,
    `NULL`,
  ],
  [
    `s.outcome IN ('cancelled-by-caller', 'cancelled-by-operator', 'superseded')`,
    `25`,
    `'cancelled', 'PENDING', 'CANCELLED', s.outcome, CASE s.outcome WHEN 'cancelled-by-operator' THEN 'operator' ELSE 'caller' END, NULL`,
    `NULL`,
  ],
];

const HISTORY = `
  INSERT INTO seeded_events
  SELECT id, number, at, type, from_status, to_status, reason, actor, provider_status, price, currency, message
    FROM (SELECT s.id, (row_number() OVER (PARTITION BY s.id ORDER BY e.place))::int AS number,
                 s.at + make_interval(secs => e.after) AS at, e.type, e.from_status, e.to_status, e.reason, e.actor, e.provider_status,
                 CASE WHEN e.type = 'matched' THEN 0.05 END AS price, CASE WHEN e.type = 'matched' THEN 'EUR' END AS currency, e.message
            FROM seeded s CROSS JOIN LATERAL (VALUES
              ${STEPS.map(([when, after, what, message], place) => `(${place}, ${when}, (${after})::float8, ${what}, ${message}${place === 0 ? '::text' : ''})`).join(',\n')}
            ) AS e (place, happens, after, type, from_status, to_status, reason, actor, provider_status, message)
           WHERE e.happens) AS happened`;

const REQUESTS = `
  INSERT INTO otp_verification_requests
    (id, purpose, status, reason, channel, phone_number, phone_fingerprint, phone_country, phone_last_digits, user_id,
     caller_fingerprint, caller_bound, locale, code_length, attempts, max_attempts, max_sends, sends, provider, provider_request_id,
     prefix_fingerprint, caller_address, caller_agent, created_at, expires_at, verified_at, ended_at, resend_available_at,
     price, currency, events)
  SELECT s.id, s.purpose, l.to_status, l.reason, s.channel, '${MARK}' || repeat(md5(s.i::text), 2), s.fingerprint, s.country,
         s.digits, s.user_id, sha256(('caller ' || s.address)::bytea), s.user_id IS NOT NULL, 'en', 6,
         (CASE s.outcome WHEN 'verified' THEN 1 + s.wrong WHEN 'attempts-exhausted' THEN 3 WHEN 'expired' THEN s.wrong ELSE 0 END),
         3, 3, CASE WHEN s.resent AND ${SENT} THEN 2 ELSE 1 END, 'vonage-v2',
         CASE WHEN NOT ${SENT} THEN NULL WHEN s.resent THEN s.last_message ELSE s.first_message END,
         sha256(('prefix ' || s.country)::bytea), s.address, s.agent, s.at, s.at + interval '5 minutes',
         CASE WHEN s.outcome = 'verified' THEN l.at END, CASE WHEN s.outcome <> 'live' THEN l.at END, s.at + interval '30 seconds',
         l.price, l.currency, l.number
    FROM seeded s JOIN LATERAL (SELECT DISTINCT ON (id) * FROM seeded_events ORDER BY id, number DESC) l USING (id) ORDER BY s.i`;

const EVENTS = `
  INSERT INTO otp_verification_events
    (request_id, number, at, type, from_status, to_status, reason, actor, provider_status, price, currency, provider_request_id)
  SELECT * FROM seeded_events ORDER BY at`;

const RULES = JSON.stringify([
  { rule: 'country', outcome: 'pass', input: 'US' },
  { rule: 'block-list', outcome: 'pass' },
  {
    rule: 'number-limit',
    outcome: 'pass',
    used: 0,
    limit: 5,
    seconds: 3600,
    scope: 'number',
    key: 'AAAAAAAAAAAAAAAAAAAA',
  },
  {
    rule: 'address-limit',
    outcome: 'pass',
    used: 1,
    limit: 20,
    seconds: 3600,
    scope: 'address',
    key: 'AAAAAAAAAAAAAAAAAAAA',
  },
]);

const ALLOWED = `
  INSERT INTO otp_decisions (id, at, action, outcome, request_id, rules)
  SELECT ${idOf('s.at', `md5('decision ' || s.i)`)}, s.at, 'start', 'allowed', s.id, '${RULES}' FROM seeded s ORDER BY s.i`;

/** One start in twenty more was refused. */
const REFUSED = `
  INSERT INTO otp_decisions (id, at, action, outcome, rule, rules, phone_fingerprint, phone_country, phone_last_digits, purpose, user_fingerprint, address_fingerprint)
  SELECT ${idOf('s.at', `md5('refusal ' || s.i)`)}, s.at, 'start', 'refused', r.rule,
         json_build_array(json_build_object('rule', r.rule, 'outcome', 'refuse')), s.fingerprint, s.country, s.digits, s.purpose,
         sha256(('user ' || s.user_id)::bytea), sha256(('address ' || s.address)::bytea)
    FROM seeded s, LATERAL (SELECT CASE WHEN s.i % 100 < 60 THEN 'number-limit' WHEN s.i % 100 < 90 THEN 'address-limit'
                                        WHEN s.i % 1000 < 999 THEN 'block-list' ELSE 'budget' END AS rule) r
   WHERE ${chance('s.i', 12)} < 0.05 ORDER BY s.i`;
