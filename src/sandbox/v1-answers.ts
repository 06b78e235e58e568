import type { Answer } from './answer.js';
import { SUCCESS_PRICE } from './ledger.js';
import type { ProviderRequest, RequestStatus, StartRefusal } from './verification-request.js';

const CANNOT_PROCESS = 'The Vonage platform was unable to process this message for the following reason: ';
const SEARCHABLE_AFTER_MS = 60_000;

/** Verify v1 always answers HTTP 200. The texts are those of Vonage's OpenAPI file of Verify v1. */
const v1 = (status: string, fields: object = {}, errorText?: string): Answer => ({
  status: 200,
  body: { ...fields, status, ...(errorText && { error_text: errorText }) },
});

export const throttled = () => v1('1', {}, 'Throttled');
export const missing = (parameter: string) => v1('2', {}, `Missing ${parameter}`);
export const invalid = (text: string) => v1('3', {}, `Invalid value for ${text}`);
export const badCredentials = (onStart: boolean) =>
  v1('4', {}, onStart ? 'Invalid credentials were provided' : 'Bad credentials');
export const internalError = () => v1('5', {}, 'Internal Error');

export const started = (id: string) => v1('0', { request_id: id });
export const conflict = (id?: string) =>
  v1('10', id ? { request_id: id } : {}, 'Concurrent verifications to the same number are not allowed');
export const ownCodeNotEnabled = () => v1('20', {}, 'This account does not support the parameter: pin_code.');

/** The answers to starts that magic numbers refuse. A `conflict` needs an id, so the route answers it. */
export const REFUSALS: Record<Exclude<StartRefusal, 'conflict'>, () => Answer> = {
  throttled,
  'missing-parameter': () => missing('brand'),
  'invalid-number': () => invalid('number'),
  'bad-credentials': () => badCredentials(true),
  'internal-error': internalError,
  unroutable: () => v1('6', {}, `${CANNOT_PROCESS}The request could not be routed.`),
  blocked: () =>
    v1('7', { network: '310260' }, 'The number you are trying to verify is blacklisted for verification.'),
  'account-barred': () =>
    v1('8', {}, 'The api_key you supplied is for an account that has been barred from submitting messages.'),
  'no-credit': () => v1('9', {}, 'Partner quota exceeded'),
  'conflict-without-id': () => conflict(),
  'unsupported-network': () => v1('15', {}, 'The destination number is not in a supported network'),
  'own-code-not-enabled': ownCodeNotEnabled,
  'demo-account': () =>
    v1(
      '29',
      {},
      'Your Vonage account is still in demo mode. While in demo mode you must add target numbers to the approved list for your account. Add funds to your account to remove this limitation.',
    ),
};

export const matched = (request: ProviderRequest) =>
  v1('0', {
    request_id: request.id,
    event_id: request.events.at(-1)?.id,
    price: SUCCESS_PRICE.toFixed(8),
    currency: 'EUR',
    estimated_price_messages_sent: priceOfMessages(request),
  });
/** The OpenAPI file's examples of the next three have no `request_id`, though its schema allows one. */
export const gone = (id: string) =>
  v1('6', {}, `${CANNOT_PROCESS}Request '${id}' was not found or it has been verified already.`);
export const mismatched = () => v1('16', {}, 'The code inserted does not match the expected value');
export const exhausted = () => v1('17', {}, 'The wrong code was provided too many times. Request terminated');

export const done = (command: string) => v1('0', { command });
export const goneOnControl = (id: string) =>
  v1('6', {}, `The requestId '${id}' does not exist or its no longer active.`);
export const cancelTooEarly = (id: string) =>
  v1('19', {}, `Verification request ['${id}'] can't be cancelled within the first 30 seconds.`);
/** Vonage writes two spaces before the id. */
export const cancelTooLate = (id: string) =>
  v1(
    '19',
    {},
    `Verification request  ['${id}'] can't be cancelled now. Too many attempts to re-deliver have already been made.`,
  );
export const noMoreEvents = (id: string) =>
  v1('19', {}, `No more events are left to execute for the request ['${id}']`);

export const notFound = () => v1('101', {}, 'No response found');

const SEARCH_STATUS: Record<RequestStatus, string> = {
  'in-progress': 'IN PROGRESS',
  success: 'SUCCESS',
  failed: 'FAILED',
  expired: 'EXPIRED',
  cancelled: 'CANCELLED',
  blocked: 'FAILED',
};

/** Search does not find a request in the minute after its end. */
export function isSearchable(request: ProviderRequest | undefined, now: number): request is ProviderRequest {
  return request !== undefined && (request.endedAt === null || now >= request.endedAt + SEARCHABLE_AFTER_MS);
}

/** One request as search answers it. Like Vonage's, the answer contains the codes that were entered. */
export function searchResult(request: ProviderRequest): object {
  const { plan, events } = request;
  return {
    request_id: request.id,
    account_id: plan.accountId,
    number: request.to,
    sender_id: plan.senderId,
    date_submitted: date(request.startedAt),
    date_finalized: request.endedAt === null ? '' : date(request.endedAt),
    checks: request.checks.map(({ at, code, valid }) => ({
      date_received: date(at),
      code,
      status: valid ? 'VALID' : 'INVALID',
      ip_address: '',
    })),
    first_event_date: date(events[0]?.at ?? request.startedAt),
    last_event_date: date(events.at(-1)?.at ?? request.startedAt),
    price: (request.status === 'success' ? SUCCESS_PRICE : 0).toFixed(8),
    currency: 'EUR',
    status: SEARCH_STATUS[request.status],
    estimated_price_messages_sent: priceOfMessages(request),
    events: events.map(({ id, channel }) => ({ id, type: channel === 'voice' ? 'tts' : 'sms' })),
  };
}

const priceOfMessages = ({ events }: ProviderRequest) =>
  events.reduce((sum, { price }) => sum + price, 0).toFixed(8);

const date = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
