import type { Answer } from './answer.js';
import type { StartRefusal } from './verification-request.js';

const ERRORS_PAGE = 'https://developer.vonage.com/api-errors';

/** Titles and details are those of Vonage's OpenAPI file of Verify v2, unless marked [inferred]. */
function problem(
  status: number,
  fragment: string,
  title: string,
  detail: string,
  extra: object = {},
): Answer {
  const body = { type: `${ERRORS_PAGE}#${fragment}`, title, detail, instance: 'sandbox', ...extra };
  return { status, body, contentType: 'application/problem+json' };
}

export const invalidParameters = (parameters: { name: string; reason: string }[]) =>
  problem(422, 'invalid-params', 'Invalid params', 'The value of one or more parameters is invalid.', {
    invalid_parameters: parameters,
  });
export const unauthorized = () =>
  problem(401, 'unauthorized', 'Unauthorized', 'You did not provide correct credentials');
export const throttled = () =>
  problem(429, 'throttled', 'Rate Limit Hit', 'Please wait, then retry your request');
export const internalError = () =>
  problem(
    500,
    'internal-error',
    'Internal error',
    'There was an error processing your request in the Platform.',
  );
/** The id is in the fixtures of Vonage's SDK, though not in the schema. */
export const concurrent = (id?: string) =>
  problem(
    409,
    'concurrent',
    'Conflict',
    'Concurrent verifications to the same number are not allowed.',
    id ? { request_id: id } : {},
  );
export const notFound = (id: string) =>
  problem(404, 'not-found', 'Not Found', `Request ${id} was not found or it has been verified already.`);
export const invalidCode = () =>
  problem(400, 'invalid-code', 'Invalid Code', 'The code you provided does not match the expected value.');
export const exhausted = () =>
  problem(
    410,
    'expired',
    'Invalid Code',
    'An incorrect code has been provided too many times. Workflow terminated.',
  );
export const noCode = () =>
  problem(409, 'no-code', 'Conflict', 'The current Verify workflow step does not support a code.');
export const noMoreEvents = () =>
  problem(409, 'no-events', 'Conflict', 'There are no more events left to trigger.');
export const tryLater = () =>
  problem(
    409,
    'conflict',
    'Conflict',
    'The operation cannot be performed at this time. Please try again later.',
  );
/**
 * [inferred] The guides have both rules, but the OpenAPI file documents only 401, 402, 404 and 500. A 404 would mean that
 * the request is gone, so these are conflicts.
 */
export const cancelTooEarly = () =>
  problem(409, 'conflict', 'Conflict', 'The request cannot be cancelled within the first 30 seconds.');
export const cancelTooLate = () =>
  problem(409, 'conflict', 'Conflict', 'The request cannot be cancelled after the second event.');

const lowBalance = () =>
  problem(
    402,
    'low-balance',
    'Low balance',
    'This request could not be performed due to your account balance being low.',
  );
const badNumber = (reason: string) => () => invalidParameters([{ name: 'workflow[0].to', reason }]);

/**
 * The answers to starts that magic numbers refuse. A `conflict` needs an id, so the route answers it. A `blocked` start is
 * accepted. v2 documents no answer for a barred or a demo account, nor for a number without a route: these are the
 * nearest ones [inferred].
 */
export const REFUSALS: Record<Exclude<StartRefusal, 'conflict' | 'blocked'>, () => Answer> = {
  throttled,
  'missing-parameter': () => invalidParameters([{ name: 'brand', reason: 'Brand is required' }]),
  'invalid-number': badNumber('The number is invalid'),
  'bad-credentials': unauthorized,
  'internal-error': internalError,
  unroutable: badNumber('The number could not be routed'),
  'account-barred': lowBalance,
  'no-credit': lowBalance,
  'conflict-without-id': () => concurrent(),
  'unsupported-network': () =>
    problem(
      412,
      'precondition-failed',
      'Network not supported',
      'The network of this number is not supported.',
    ),
  'own-code-not-enabled': () => invalidParameters([{ name: 'code', reason: 'Not enabled for this account' }]),
  'demo-account': lowBalance,
};
