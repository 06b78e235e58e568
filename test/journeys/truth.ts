import type { LedgerEntry } from '../../src/sandbox/ledger.js';
import type { TestApplication } from '../support/application.js';

/** An account as the database has it. */
export interface Account {
  phones: number;
  apps: number;
  passkeys: number;
  /** Unused recovery codes. */
  codes: number;
  /** What was paid: "40.00 to ACME". */
  payments: string[];
  sessions: number;
}

/** What is true about somebody at a moment, from those who cannot be wrong: the ledger, the mailbox, the database. */
export interface Facts {
  email: string;
  /** To the numbers that the person has used, oldest first. */
  messages: LedgerEntry[];
  /** E-mails with a link. */
  links: number;
  /** States of the requests to these numbers. */
  requests: string[];
  account: Account;
}

export async function factsOf(
  { sandbox, mailbox, sql }: TestApplication,
  { email, numbers }: { email: string; numbers: readonly string[] },
): Promise<Facts> {
  const messages = numbers
    .flatMap((number) => sandbox.ledger(number))
    .sort((one, other) => one.sentAt.localeCompare(other.sentAt));
  const { rows: accounts } = await sql.query<Account>(ACCOUNT, [email]);
  const { rows: requests } = await sql.query<{ status: string }>(
    'SELECT status FROM otp_verification_requests WHERE provider_request_id = ANY($1)',
    [messages.map(({ providerRequestId }) => providerRequestId)],
  );
  return {
    email,
    messages,
    links: mailbox.of(email).filter(({ text }) => text.includes('?token=')).length,
    requests: requests.map(({ status }) => status),
    account: accounts[0]!,
  };
}

const ACCOUNT = `
  WITH person AS (SELECT id::text FROM host_users WHERE email = $1)
  SELECT (SELECT count(*)::int FROM otp_enrolled_phones JOIN person ON user_id = person.id) AS phones,
         (SELECT count(*)::int FROM otp_authenticators JOIN person ON user_id = person.id
           WHERE confirmed_at IS NOT NULL) AS apps,
         (SELECT count(*)::int FROM otp_passkeys JOIN person ON user_id = person.id) AS passkeys,
         (SELECT count(*)::int FROM otp_recovery_codes JOIN person ON user_id = person.id
           WHERE used_at IS NULL) AS codes,
         (SELECT coalesce(array_agg(amount || ' to ' || recipient), '{}') FROM host_payments
            JOIN person ON user_id = person.id) AS payments,
         (SELECT count(*)::int FROM host_sessions JOIN person ON user_id = person.id
           WHERE expire > now()) AS sessions`;

/** A request that was marked as sent this long ago or less was sent "a moment ago". */
const MOMENT_MS = 60_000;
const NUMBER = String.raw`(\+1 ••• ••• ••\d\d)`;
const isTo = (masked: string) => (message: LedgerEntry) => message.to.endsWith(masked.slice(-2));
const newestTo = ({ messages }: Facts, masked = '') => messages.findLast(isTo(masked));
const factors = ({ account: { phones, apps, passkeys } }: Facts) => phones + apps + passkeys;

/** What pages say about what has happened, and when it is true. */
const SENTENCES: [RegExp, (facts: Facts, ...parts: string[]) => boolean][] = [
  [RegExp(`We sent a 6-digit code to ${NUMBER}`), (facts, to) => newestTo(facts, to)?.channel === 'sms'],
  [
    RegExp(`We are calling with a 6-digit code: ${NUMBER}`),
    (facts, to) => newestTo(facts, to)?.channel === 'voice',
  ],
  [/Texted at/, ({ messages }) => messages.at(-1)?.channel === 'sms'],
  [/Called at/, ({ messages }) => messages.at(-1)?.channel === 'voice'],
  [/We sent a new code\./, ({ messages }) => messages.length > 1],
  [
    /We sent you a code a moment ago/,
    ({ messages }) => Date.now() - Date.parse(messages.at(-1)?.sentAt ?? '') < MOMENT_MS,
  ],
  [/You requested a code in another browser/, ({ messages }) => messages.length > 0],
  [/we emailed a link to (\S+)/i, ({ email, links }, to) => to === email && links > 0],
  [RegExp(`This number is verified: ${NUMBER}`), ({ requests }) => requests.includes('VERIFIED')],
  [/This code has already been used/, ({ requests }) => requests.includes('VERIFIED')],
  [/Your code was cancelled|Code cancelled\./, ({ requests }) => requests.includes('CANCELLED')],
  [/Your code has expired/, ({ requests }) => requests.includes('EXPIRED')],
  [/Too many wrong codes/, ({ requests }) => requests.includes('FAILED')],
  [/We couldn’t reach your phone/, ({ requests }) => requests.includes('FAILED')],
  [/You have (\d+) unused recovery codes?\./, ({ account }, left) => account.codes === Number(left)],
  [/You haven’t added a phone yet\./, ({ account }) => account.phones === 0],
  [/Only your password protects this account\./, (facts) => factors(facts) === 0],
  [/You have no second step yet\./, (facts) => factors(facts) === 0],
  [/This is your last sign-in method besides your password\./, (facts) => factors(facts) === 1],
  [/Signed in as (\S+?)\.?\s/, ({ account }) => account.sessions > 0],
  [
    /Paid €([\d.]+) to (.+)\./,
    ({ account }, amount, recipient) => account.payments.includes(`${amount} to ${recipient}`),
  ],
];

/** The sentences of a page that are not true. */
export function untrueIn(text: string, facts: Facts): string[] {
  return SENTENCES.flatMap(([sentence, isTrue]) =>
    [...text.matchAll(RegExp(sentence, 'g'))]
      .filter(([, ...parts]) => !isTrue(facts, ...parts))
      .map(([said]) => `says “${said}”, but the facts are ${JSON.stringify(facts)}`),
  );
}
