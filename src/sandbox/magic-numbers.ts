import type { BrokenAnswer } from './faults.js';
import {
  type CancelResult,
  type CheckResult,
  destination,
  type NextResult,
  type Operation,
  type StartRefusal,
} from './verification-request.js';

/** +1 202 555 01xx is reserved for fiction: the numbers are valid, and no phone has them. */
const PREFIX = '120255501';

/** The last two digits, the effect, and what happens, as the documentation and the phone page show it. */
type Row<Effect> = [ending: string, effect: Effect, happens: string];

/** The ending is v1's status. */
const REFUSED_STARTS: Row<StartRefusal>[] = [
  ['01', 'throttled', 'Too many requests: v1 status 1, v2 429.'],
  ['02', 'missing-parameter', 'A parameter is missing: v1 status 2, v2 422.'],
  ['03', 'invalid-number', 'The number is invalid: v1 status 3, v2 422.'],
  ['04', 'bad-credentials', 'The credentials are wrong: v1 status 4, v2 401.'],
  ['05', 'internal-error', 'Internal error, nothing is sent: v1 status 5, v2 500.'],
  ['06', 'unroutable', 'There is no route to the number: v1 status 6, v2 422.'],
  ['07', 'blocked', 'The number is blocked as fraud: v1 status 7; v2 accepts it but sends nothing.'],
  ['08', 'account-barred', 'The account is barred: v1 status 8, v2 402.'],
  ['09', 'no-credit', 'The account has no credit: v1 status 9, v2 402.'],
  ['10', 'conflict', 'Another request is in flight, with an unknown id: v1 status 10, v2 409.'],
  ['11', 'conflict-without-id', 'The same, but the answer has no id.'],
  ['15', 'unsupported-network', 'The network is not supported: v1 status 15, v2 412.'],
  ['20', 'own-code-not-enabled', 'The account may not choose codes: v1 status 20, v2 422.'],
  ['29', 'demo-account', 'The number is not on the list of a demo account: v1 status 29, v2 402.'],
];

const FAILING_CHECKS: Row<Exclude<CheckResult, 'matched'>>[] = [
  ['16', 'mismatched', 'Every code is wrong, the third ends the request: v1 16, then 17; v2 400, then 410.'],
  ['17', 'exhausted', 'The first code ends the request: v1 status 17, v2 410.'],
  ['26', 'gone', 'The request is gone at the first check: v1 status 6, v2 404.'],
  ['41', 'throttled', 'Every check is throttled: v1 status 1, v2 429.'],
  ['45', 'internal-error', 'Every check is an internal error and costs no attempt: v1 status 5, v2 500.'],
  ['49', 'no-code', 'The step has no code: v2 409. On v1 the number behaves normally.'],
];

const LOST_CHECKS: Row<BrokenAnswer>[] = [
  ['48', { kind: 'lost-answer' }, 'Every check takes effect, but its answer is lost.'],
];

const FAILING_CANCELS: Row<Exclude<CancelResult, 'cancelled'>>[] = [
  ['50', 'too-early', 'Every cancel is too early: v1 status 19, v2 409.'],
  ['59', 'too-late', 'Every cancel is too late: v1 status 19, v2 409.'],
  ['52', 'gone', 'Cancel finds no request: v1 status 6, v2 404.'],
  ['53', 'internal-error', 'Cancel is an internal error: v1 status 5, v2 500.'],
];

const FAILING_NEXT_STEPS: Row<Exclude<NextResult, 'sent'>>[] = [
  ['60', 'no-more', 'There is no next step: v1 status 19, v2 409.'],
  ['61', 'try-later', 'The next step must wait: v1 status 19, v2 409 "try again later".'],
  ['62', 'gone', 'The next step finds no request: v1 status 6, v2 404.'],
  ['63', 'internal-error', 'The next step is an internal error: v1 status 5, v2 500.'],
];

/** Only the start that sends the message is broken: a second start answers that a request is in flight. */
const BROKEN_AFTER_SENDING: Row<BrokenAnswer>[] = [
  ['69', { kind: 'latency', latencyMs: 3000 }, 'The message is sent, the answer takes 3 seconds.'],
  ['70', { kind: 'latency', latencyMs: 20_000 }, 'The message is sent, the answer takes 20 seconds.'],
  ['71', { kind: 'lost-answer' }, 'The message is sent, then the connection is reset.'],
  ['72', { kind: 'garbage' }, 'The message is sent, the answer is an HTML page with status 200.'],
  ['73', { kind: 'empty' }, 'The message is sent, the answer is status 200 without a body.'],
  ['74', { kind: 'truncated' }, 'The message is sent, half of the answer comes (with a content length).'],
  ['75', { kind: 'truncated', chunked: true }, 'The message is sent, half of the answer comes (chunked).'],
  ['76', { kind: 'stalled' }, 'The message is sent, the answer stalls half way.'],
];

const BROKEN_WITHOUT_SENDING: Row<BrokenAnswer>[] = [
  ['77', { kind: 'reset' }, 'The connection is reset, nothing is sent.'],
  ['78', { kind: 'black-hole' }, 'There is never an answer, nothing is sent.'],
  ['79', { kind: 'status', status: 503 }, 'Start answers HTTP 503, nothing is sent.'],
];

/** The effect is ten digits; a code is as many of them as the start asks for. */
const KNOWN_CODES: Row<string>[] = [
  ['80', '0000000000', 'The code is 000000 (or as many zeros as the start asks for).'],
  ['81', '1234567890', 'The code is 123456 (or as many digits of 1234567890 as the start asks for).'],
  ['82', '0123456789', 'The code is 012345: it has a leading zero.'],
];

/** A number that always behaves in one unusual way. */
export interface MagicNumber {
  /** E.164 digits without `+`. */
  number: string;
  /** What happens, in one sentence. */
  happens: string;
  start?: StartRefusal;
  check?: Exclude<CheckResult, 'matched'>;
  cancel?: Exclude<CancelResult, 'cancelled'>;
  next?: Exclude<NextResult, 'sent'>;
  broken?: { operation: Operation; answer: BrokenAnswer };
  /** Every code begins with the first of these digits. */
  code?: string;
}

function numbers<Effect>(
  rows: Row<Effect>[],
  behaviour: (effect: Effect) => Omit<MagicNumber, 'number' | 'happens'>,
): MagicNumber[] {
  return rows.map(([ending, effect, happens]) => ({
    number: PREFIX + ending,
    happens,
    ...behaviour(effect),
  }));
}

const brokenStart = (answer: BrokenAnswer): Pick<MagicNumber, 'broken'> => ({
  broken: { operation: 'start', answer },
});

/** The magic numbers under the headings of the phone page and of docs/sandbox.md. */
export const MAGIC_NUMBER_GROUPS: readonly { name: string; numbers: MagicNumber[] }[] = [
  { name: 'The start is refused', numbers: numbers(REFUSED_STARTS, (start) => ({ start })) },
  {
    name: 'The check fails',
    numbers: [
      ...numbers(FAILING_CHECKS, (check) => ({ check })),
      ...numbers(LOST_CHECKS, (answer) => ({ broken: { operation: 'check', answer } })),
    ],
  },
  {
    name: 'Cancel or the next step fails',
    numbers: [
      ...numbers(FAILING_CANCELS, (cancel) => ({ cancel })),
      ...numbers(FAILING_NEXT_STEPS, (next) => ({ next })),
    ],
  },
  {
    name: 'The answer to the start breaks',
    numbers: [
      ...numbers(BROKEN_AFTER_SENDING, (answer) => brokenStart({ ...answer, afterEffect: true })),
      ...numbers(BROKEN_WITHOUT_SENDING, brokenStart),
    ],
  },
  { name: 'The code is known', numbers: numbers(KNOWN_CODES, (code) => ({ code })) },
];

const byNumber = new Map(
  MAGIC_NUMBER_GROUPS.flatMap(({ numbers }) => numbers).map((magic) => [magic.number, magic]),
);

/** @param to a destination in any spelling */
export const magicNumber = (to: string): MagicNumber | undefined => byNumber.get(destination(to));
