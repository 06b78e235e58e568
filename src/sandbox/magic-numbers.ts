import type { FaultSpec } from './faults.js';

export interface V1Answer {
  status: string;
  error_text: string;
  request_id?: string;
}

export interface V2Answer {
  status: number;
  fragment: string;
  title: string;
  detail: string;
  extra?: Record<string, unknown>;
}

export interface MagicNumber {
  /** E.164 without `+`. From the range that is kept free for fiction, +1 202 555 01xx. */
  number: string;
  /** One sentence for people. */
  happens: string;
  start?: { v1: V1Answer; v2: V2Answer | 'started-but-blocked' };
  check?: { v1: V1Answer; v2: V2Answer };
  cancel?: { v1: V1Answer; v2: V2Answer };
  /** The code of every message. */
  code?: string;
  /** Breaks every answer to a start, after the message went out. */
  fault?: Pick<FaultSpec, 'kind'> & Partial<FaultSpec>;
}

const v1 = (status: string, error_text: string): V1Answer => ({ status, error_text });
const v2 = (
  status: number,
  fragment: string,
  title: string,
  detail: string,
  extra?: Record<string, unknown>,
): V2Answer => ({ status, fragment, title, detail, ...(extra ? { extra } : {}) });

export const THROTTLED = {
  v1: v1('1', 'Throttled'),
  v2: v2(429, 'throttled', 'Rate Limit Hit', 'Please wait, then retry your request'),
};
export const BAD_CREDENTIALS = {
  v1: v1('4', 'Bad credentials'),
  v2: v2(401, 'unauthorized', 'Unauthorized', 'You did not provide correct credentials'),
};
const INTERNAL = {
  v1: v1('5', 'Internal Error'),
  v2: v2(
    500,
    'internal-error',
    'Internal error',
    'There was an error processing your request in the Platform.',
  ),
};
const LOW_BALANCE = v2(
  402,
  'low-balance',
  'Low balance',
  'This request could not be performed due to your account balance being low.',
);
const NUMBER_INVALID = v2(
  422,
  'invalid-params',
  'Invalid params',
  'The value of one or more parameters is invalid.',
  {
    invalid_parameters: [{ name: 'workflow[0].to', reason: '`to` is not a valid number' }],
  },
);
const FORBIDDEN = v2(403, 'forbidden', 'Forbidden', 'This is not enabled for your account');
const NOT_FOUND = 'was not found or it has been verified already.';

const list: [string, Omit<MagicNumber, 'number'>][] = [
  ['01', { happens: 'The start is throttled (v1 status 1, v2 429).', start: THROTTLED }],
  [
    '03',
    {
      happens: 'Vonage calls the number invalid (v1 3, v2 422).',
      start: { v1: v1('3', 'Invalid value for number'), v2: NUMBER_INVALID },
    },
  ],
  ['04', { happens: 'The credentials are refused (v1 4, v2 401).', start: BAD_CREDENTIALS }],
  ['05', { happens: 'Vonage has an internal error, nothing is sent (v1 5, v2 500).', start: INTERNAL }],
  [
    '06',
    {
      happens: 'The number cannot be routed (v1 6, v2 422).',
      start: {
        v1: v1(
          '6',
          'The Vonage platform was unable to process this message for the following reason: The request could not be routed.',
        ),
        v2: NUMBER_INVALID,
      },
    },
  ],
  [
    '07',
    {
      happens: 'Fraud protection blocks the number (v1 7; v2 starts, but no message arrives).',
      start: {
        v1: v1('7', 'The number you are trying to verify is blacklisted for verification.'),
        v2: 'started-but-blocked',
      },
    },
  ],
  [
    '08',
    {
      happens: 'The account is barred (v1 8, v2 402).',
      start: {
        v1: v1(
          '8',
          'The api_key you supplied is for an account that has been barred from submitting messages.',
        ),
        v2: LOW_BALANCE,
      },
    },
  ],
  [
    '09',
    {
      happens: 'The account has no credit (v1 9, v2 402).',
      start: { v1: v1('9', 'Partner quota exceeded'), v2: LOW_BALANCE },
    },
  ],
  [
    '10',
    {
      happens: 'Another application has a request to this number in flight (v1 10, v2 409).',
      start: {
        v1: {
          ...v1('10', 'Concurrent verifications to the same number are not allowed'),
          request_id: 'f'.repeat(32),
        },
        v2: v2(
          409,
          'concurrent',
          'Conflict',
          'Concurrent verifications to the same number are not allowed.',
          {
            request_id: 'ffffffff-ffff-4fff-8fff-ffffffffffff',
          },
        ),
      },
    },
  ],
  [
    '15',
    {
      happens: 'The network is not supported (v1 15, v2 412).',
      start: {
        v1: v1('15', 'The destination number is not in a supported network'),
        v2: v2(
          412,
          'precondition-failed',
          'Network not supported',
          'The network of the number is not supported.',
        ),
      },
    },
  ],
  [
    '20',
    {
      happens: 'The account lacks a permission (v1 20, v2 403).',
      start: { v1: v1('20', 'This account is not enabled for pin_code'), v2: FORBIDDEN },
    },
  ],
  [
    '29',
    {
      happens: 'The account is a demo and the number not on its list (v1 29, v2 403).',
      start: {
        v1: v1(
          '29',
          'Your Vonage account is still in demo mode. While in demo mode you must add target numbers to the approved list for your account.',
        ),
        v2: FORBIDDEN,
      },
    },
  ],
  [
    '16',
    {
      happens: 'Every code is wrong (v1 16, v2 400).',
      check: {
        v1: v1('16', 'The code inserted does not match the expected value'),
        v2: v2(
          400,
          'invalid-code',
          'Invalid Code',
          'The code you provided does not match the expected value.',
        ),
      },
    },
  ],
  [
    '17',
    {
      happens: 'The first check already is one too many (v1 17, v2 410).',
      check: {
        v1: v1('17', 'The wrong code was provided too many times. Request terminated'),
        v2: v2(
          410,
          'expired',
          'Invalid Code',
          'An incorrect code has been provided too many times. Workflow terminated.',
        ),
      },
    },
  ],
  [
    '26',
    {
      happens: 'The request is gone when it is checked (v1 6, v2 404).',
      check: {
        v1: v1(
          '6',
          `The Vonage platform was unable to process this message for the following reason: Request ${NOT_FOUND}`,
        ),
        v2: v2(404, 'not-found', 'Not Found', `Request ${NOT_FOUND}`),
      },
    },
  ],
  ['41', { happens: 'Checks are throttled (v1 1, v2 429).', check: THROTTLED }],
  ['45', { happens: 'Checks end in an internal error (v1 5, v2 500).', check: INTERNAL }],
  [
    '49',
    {
      happens: 'The step has no code to check (v1 5, v2 409).',
      check: {
        v1: INTERNAL.v1,
        v2: v2(409, 'no-code', 'Conflict', 'The current Verify workflow step does not support a code.'),
      },
    },
  ],
  [
    '59',
    {
      happens: 'It is always too late to cancel (v1 19, v2 409).',
      cancel: {
        v1: v1(
          '19',
          "Verification request can't be cancelled now. Too many attempts to re-deliver have already been made.",
        ),
        v2: v2(409, 'conflict', 'Conflict', 'The request cannot be cancelled any more.'),
      },
    },
  ],
  [
    '70',
    {
      happens: 'The message goes out, the answer comes after 20 seconds.',
      fault: { kind: 'latency', latencyMs: 20_000 },
    },
  ],
  [
    '71',
    {
      happens: 'The message goes out, the connection is reset instead of an answer.',
      fault: { kind: 'reset' },
    },
  ],
  ['72', { happens: 'The message goes out, the answer is an HTML page.', fault: { kind: 'garbage' } }],
  ['73', { happens: 'The message goes out, the answer is empty.', fault: { kind: 'empty' } }],
  [
    '74',
    { happens: 'The message goes out, the answer is cut off in the middle.', fault: { kind: 'truncated' } },
  ],
  ['80', { happens: 'The code is always zeros: 000000.', code: '0000000000' }],
  ['81', { happens: 'The code is always 123456.', code: '1234567890' }],
];

/** Like card test numbers: each shows one outcome. Every other number just works. */
export const MAGIC_NUMBERS: readonly MagicNumber[] = list.map(([suffix, rest]) => ({
  number: `120255501${suffix}`,
  ...rest,
}));

const byNumber = new Map(MAGIC_NUMBERS.map((magic) => [magic.number, magic]));
export const magicOf = (to: string): MagicNumber | undefined => byNumber.get(to);
