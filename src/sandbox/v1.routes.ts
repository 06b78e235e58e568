import { type Request, Router } from 'express';
import type { SandboxClock } from './clock.js';
import { type Credentials, isAuthorized } from './credentials.js';
import type { Answer } from './faults.js';
import { BAD_CREDENTIALS, magicOf, THROTTLED } from './magic-numbers.js';
import type { ProviderCalls } from './provider-calls.js';
import type { RateWindow } from './rate-window.js';
import type { SandboxRequest, SandboxRequests } from './requests.js';

const WORKFLOWS: Record<string, string[]> = {
  1: ['sms', 'voice', 'voice'],
  2: ['sms', 'sms', 'voice'],
  3: ['voice', 'voice'],
  4: ['sms', 'voice'],
  5: ['sms', 'sms'],
  6: ['sms'],
  7: ['voice'],
};
const SEARCH_STATUS = {
  verified: 'SUCCESS',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
  expired: 'EXPIRED',
} as const;
/** A request that has just ended cannot be found for a minute. */
const SEARCH_BLIND_MS = 60_000;

const ok = (body: object): Answer => ({ status: 200, body });
const no = (status: string, error_text: string, more: object = {}): Answer =>
  ok({ ...more, status, error_text });
const gone = (id: string) =>
  no(
    '6',
    `The Vonage platform was unable to process this message for the following reason: Request '${id}' was not found or it has been verified already.`,
  );

/** Parameters of a JSON body, a form or the query; workflow ids come as text and as numbers. */
function parametersOf(request: Request): Record<string, string> {
  const all = { ...request.query, ...(request.body as object | undefined) } as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, value]) => ['string', 'number'].includes(typeof value))
      .map(([name, value]) => [name, String(value)]),
  );
}

export interface V1Dependencies {
  requests: SandboxRequests;
  calls: ProviderCalls;
  rate: RateWindow;
  clock: SandboxClock;
  credentials: Credentials;
}

/** Verify v1: always 200, everything in a text `status`. */
export function v1Routes({ requests, calls, rate, clock, credentials }: V1Dependencies): Router {
  const guarded = (answer: (parameters: Record<string, string>) => Answer) => (request: Request) => {
    if (!isAuthorized(request, credentials)) return ok(BAD_CREDENTIALS.v1);
    if (!rate.take()) return ok(THROTTLED.v1);
    return answer(parametersOf(request));
  };
  const idOf = (request: Request) => parametersOf(request)['request_id'];
  const numberOf = (request: Request) => requests.find(idOf(request) ?? '')?.to;

  const start = (given: Record<string, string>): Answer => {
    const { number, brand, workflow_id: workflowId = '1' } = given;
    if (!number) return no('2', 'Missing number');
    if (!brand) return no('2', 'Missing brand');
    const to = number.replace(/^\+/, '');
    const codeLength = Number(given['code_length'] ?? 4);
    const ttlSeconds = Number(given['pin_expiry'] ?? 300);
    const stepSeconds = Number(given['next_event_wait'] ?? ttlSeconds);
    const steps = WORKFLOWS[workflowId];
    if (!/^\d{7,15}$/.test(to)) return no('3', 'Invalid value for number');
    if (brand.length > 18) return no('3', 'Invalid value for brand');
    if (![4, 6].includes(codeLength)) return no('3', 'Invalid value for code_length');
    if (!(ttlSeconds >= 60 && ttlSeconds <= 3600)) return no('3', 'Invalid value for pin_expiry');
    if (!(stepSeconds >= 60 && stepSeconds <= 900)) return no('3', 'Invalid value for next_event_wait');
    if (given['pin_expiry'] && given['next_event_wait'] && ttlSeconds % stepSeconds !== 0) {
      return no('3', 'Invalid value for pin_expiry');
    }
    if (!steps) return no('3', 'Invalid value for workflow_id');

    const magic = magicOf(to)?.start;
    if (magic) return ok(magic.v1);
    const result = requests.start({ api: 'v1', to, brand, codeLength, ttlSeconds, steps, stepSeconds });
    return 'inFlight' in result
      ? no('10', 'Concurrent verifications to the same number are not allowed', {
          request_id: result.inFlight.id,
        })
      : ok({ request_id: result.started.id, status: '0' });
  };

  const check = ({ request_id: id, code }: Record<string, string>): Answer => {
    if (!id) return no('2', 'Missing request_id');
    if (!code) return no('2', 'Missing code');
    if (id.length > 32) return no('3', 'Invalid value for param: request_id');
    const request = requests.find(id);
    const magic = request && magicOf(request.to)?.check;
    if (magic) return ok({ request_id: id, ...magic.v1 });
    switch (requests.check(id, code)) {
      case 'matched':
        return ok({
          request_id: id,
          event_id: `0A000000${id.slice(0, 8).toUpperCase()}`,
          status: '0',
          price: '0.10000000',
          currency: 'EUR',
          estimated_price_messages_sent: price(request!),
        });
      case 'mismatched':
        return no('16', 'The code inserted does not match the expected value', { request_id: id });
      case 'exhausted':
        return no('17', 'The wrong code was provided too many times. Request terminated', { request_id: id });
      case 'gone':
        return gone(id);
    }
  };

  const control = ({ request_id: id, cmd }: Record<string, string>): Answer => {
    if (!id) return no('2', 'Missing request_id');
    if (cmd === 'trigger_next_event') {
      const result = requests.next(id);
      if (result === 'gone') return gone(id);
      if (result === 'no-more')
        return no('19', `No more events are left to execute for the request ['${id}']`);
      return ok({ status: '0', command: cmd });
    }
    if (cmd !== 'cancel') return no('3', 'Invalid value for param: cmd');
    const request = requests.find(id);
    const magic = request && magicOf(request.to)?.cancel;
    if (magic) return ok(magic.v1);
    switch (requests.cancel(id)) {
      case 'cancelled':
        return ok({ status: '0', command: 'cancel' });
      case 'too-early':
        return no('19', `Verification request ['${id}'] can't be cancelled within the first 30 seconds.`);
      case 'too-late':
        return no(
          '19',
          `Verification request  ['${id}'] can't be cancelled now. Too many attempts to re-deliver have already been made.`,
        );
      case 'gone':
        return gone(id);
    }
  };

  const search = ({ request_id: id }: Record<string, string>): Answer => {
    if (!id) return no('2', 'Missing request_id');
    const request = requests.find(id);
    if (!request || (request.endedAt !== undefined && clock.now() - request.endedAt < SEARCH_BLIND_MS)) {
      return no('101', 'No response found');
    }
    return ok(searchResult(request));
  };

  const router = Router();
  router.post(
    '/verify/json',
    calls.handler({
      api: 'v1',
      operation: 'start',
      to: (request) => parametersOf(request)['number']?.replace(/^\+/, ''),
      answer: guarded(start),
    }),
  );
  router.post(
    '/verify/check/json',
    calls.handler({ api: 'v1', operation: 'check', to: numberOf, requestId: idOf, answer: guarded(check) }),
  );
  router.post(
    '/verify/control/json',
    calls.handler({
      api: 'v1',
      operation: (request) => (parametersOf(request)['cmd'] === 'cancel' ? 'cancel' : 'next'),
      to: numberOf,
      answer: guarded(control),
    }),
  );
  const searching = calls.handler({ api: 'v1', operation: 'search', to: numberOf, answer: guarded(search) });
  router.get('/verify/search/json', searching).post('/verify/search/json', searching);
  return router;
}

const price = ({ messages }: SandboxRequest) => (messages * 0.05).toFixed(8);
const date = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

function searchResult(request: SandboxRequest) {
  return {
    request_id: request.id,
    account_id: 'sandbox1',
    status: request.ended ? SEARCH_STATUS[request.ended] : 'IN PROGRESS',
    number: request.to,
    sender_id: 'verify',
    date_submitted: date(request.startedAt),
    ...(request.endedAt ? { date_finalized: date(request.endedAt) } : {}),
    first_event_date: date(request.startedAt),
    last_event_date: date(request.sentAt),
    checks: request.checks.map(({ at, code, right }) => ({
      date_received: date(at),
      code,
      status: right ? 'VALID' : 'INVALID',
      ip_address: '',
    })),
    events: request.steps.slice(0, request.step + 1).map((channel, index) => ({
      id: `${request.id.slice(0, 14)}0${index}`,
      type: channel === 'sms' ? 'sms' : 'tts',
    })),
    price: request.ended === 'verified' ? '0.10000000' : '0',
    currency: 'EUR',
    estimated_price_messages_sent: price(request),
  };
}
