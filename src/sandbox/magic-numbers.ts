import type { BrokenAnswer } from './faults.js';
import type { CancelResult, CheckResult, NextResult } from './verification-request.js';
import { destination, type Operation } from './words.js';

/** Why a start is refused; the routes of v1 and v2 have the words for it. */
export type StartRefusal =
  | 'throttled'
  | 'missing-parameter'
  | 'invalid-number'
  | 'bad-credentials'
  | 'internal-error'
  | 'unroutable'
  | 'blocked'
  | 'account-barred'
  | 'no-credit'
  | 'conflict'
  | 'conflict-without-id'
  | 'unsupported-network'
  | 'own-code-not-enabled'
  | 'demo-account';

/** A number that always behaves in one unusual way. */
export interface MagicNumber {
  /** E.164 digits without `+`. */
  number: string;
  group: (typeof MAGIC_GROUPS)[number];
  /** What happens, in one sentence. */
  happens: string;
  start?: StartRefusal;
  check?: Exclude<CheckResult, 'matched'>;
  cancel?: Exclude<CancelResult, 'cancelled'>;
  next?: Exclude<NextResult, 'sent'>;
  /** The answer to the operation breaks; for a start, only to the one that sends. */
  broken?: BrokenAnswer & { operation: Operation };
  /** Its first digits are every code. */
  code?: string;
}

export const MAGIC_GROUPS = [
  'Start is refused',
  'Check goes wrong',
  'Cancel or next step goes wrong',
  'Answers break',
  'Known code',
] as const;

const [START, CHECK, CONTROL, BROKEN, CODE] = MAGIC_GROUPS;

/** +1 202 555 01xx is kept free for fiction, so none of these can be anybody's phone; yet the numbering plan has them. */
const PREFIX = '120255501';

type Twist = Omit<MagicNumber, 'number' | 'group' | 'happens'>;
const group = (
  name: MagicNumber['group'],
  rows: [ending: string, happens: string, twist: Twist][],
): MagicNumber[] =>
  rows.map(([ending, happens, twist]) => ({ number: PREFIX + ending, group: name, happens, ...twist }));

const sent = (answer: BrokenAnswer): Twist => ({
  broken: { ...answer, afterEffect: true, operation: 'start' },
});
const unsent = (answer: BrokenAnswer): Twist => ({ broken: { ...answer, operation: 'start' } });
const lostCheck: Twist = { broken: { kind: 'lost-answer', operation: 'check' } };

/** Endings of the first group are v1's status. */
export const MAGIC_NUMBERS: readonly MagicNumber[] = [
  ...group(START, [
    ['01', 'Throttled: v1 status 1, v2 429.', { start: 'throttled' }],
    ['02', 'A parameter is said to be missing: v1 status 2, v2 422.', { start: 'missing-parameter' }],
    ['03', 'Vonage calls the number invalid: v1 status 3, v2 422.', { start: 'invalid-number' }],
    ['04', 'Bad credentials: v1 status 4, v2 401.', { start: 'bad-credentials' }],
    ['05', 'Internal error, nothing sent: v1 status 5, v2 500.', { start: 'internal-error' }],
    ['06', 'No route to the number: v1 status 6, v2 422.', { start: 'unroutable' }],
    ['07', 'Blocked by anti-fraud: v1 status 7, v2 accepts but sends nothing.', { start: 'blocked' }],
    ['08', 'The account is barred: v1 status 8, v2 402.', { start: 'account-barred' }],
    ['09', 'No credit: v1 status 9, v2 402.', { start: 'no-credit' }],
    ['10', 'A request is said to be in flight, its id unknown: v1 status 10, v2 409.', { start: 'conflict' }],
    ['11', 'The same, without any id in the answer.', { start: 'conflict-without-id' }],
    ['15', 'The network is not supported: v1 status 15, v2 412.', { start: 'unsupported-network' }],
    ['20', 'Own codes are not enabled: v1 status 20, v2 422.', { start: 'own-code-not-enabled' }],
    ['29', 'A demo account, this number not on its list: v1 status 29, v2 402.', { start: 'demo-account' }],
  ]),
  ...group(CHECK, [
    [
      '16',
      'Every code is wrong; the third ends it: v1 16 then 17, v2 400 then 410.',
      { check: 'mismatched' },
    ],
    ['17', 'The first code ends the request: v1 status 17, v2 410.', { check: 'exhausted' }],
    ['26', 'The request is gone at the first check: v1 status 6, v2 404.', { check: 'gone' }],
    ['41', 'Every check is throttled: v1 status 1, v2 429.', { check: 'throttled' }],
    ['45', 'Every check is an internal error, no attempt spent: v1 5, v2 500.', { check: 'internal-error' }],
    ['49', 'The step takes no code: v2 409; nothing special on v1.', { check: 'no-code' }],
    ['48', 'The answer to every check is lost after it took effect.', lostCheck],
  ]),
  ...group(CONTROL, [
    ['50', 'Cancel is always too early: v1 status 19, v2 409.', { cancel: 'too-early' }],
    ['59', 'Cancel is always too late: v1 status 19, v2 409.', { cancel: 'too-late' }],
    ['52', 'Cancel finds no request: v1 status 6, v2 404.', { cancel: 'gone' }],
    ['53', 'Cancel is an internal error: v1 status 5, v2 500.', { cancel: 'internal-error' }],
    ['60', 'There is never a next step: v1 status 19, v2 409.', { next: 'no-more' }],
    ['61', 'The next step must wait: v2 409 "try again later"; v1 status 19.', { next: 'try-later' }],
    ['62', 'The next step finds no request: v1 status 6, v2 404.', { next: 'gone' }],
    ['63', 'The next step is an internal error: v1 status 5, v2 500.', { next: 'internal-error' }],
  ]),
  ...group(BROKEN, [
    ['69', 'The message goes out, the answer takes 3 seconds.', sent({ kind: 'latency', latencyMs: 3000 })],
    [
      '70',
      'The message goes out, the answer takes 20 seconds.',
      sent({ kind: 'latency', latencyMs: 20_000 }),
    ],
    ['71', 'The message goes out, then the connection is reset.', sent({ kind: 'lost-answer' })],
    ['72', 'The message goes out, the answer is an HTML page with status 200.', sent({ kind: 'garbage' })],
    ['73', 'The message goes out, the answer is 200 without a body.', sent({ kind: 'empty' })],
    ['74', 'The message goes out, the answer stops half way (content-length).', sent({ kind: 'truncated' })],
    [
      '75',
      'The message goes out, the answer stops half way (chunked).',
      sent({ kind: 'truncated', chunked: true }),
    ],
    ['76', 'The message goes out, the answer stalls half way.', sent({ kind: 'stalled' })],
    ['77', 'The connection is reset, nothing is sent.', unsent({ kind: 'reset' })],
    ['78', 'No answer ever, nothing is sent.', unsent({ kind: 'black-hole' })],
    ['79', 'Start answers HTTP 503, nothing is sent.', unsent({ kind: 'status', status: 503 })],
  ]),
  ...group(CODE, [
    ['80', 'The code is 000000 (or as many zeros as asked for).', { code: '0000000000' }],
    ['81', 'The code is 123456 (or as many digits of 1234567890 as asked for).', { code: '1234567890' }],
    ['82', 'The code is 012345: one leading zero.', { code: '0123456789' }],
  ]),
];

const byNumber = new Map(MAGIC_NUMBERS.map((entry) => [entry.number, entry]));

/** @param to in any spelling */
export function magicNumber(to: string): MagicNumber | undefined {
  return byNumber.get(destination(to));
}
