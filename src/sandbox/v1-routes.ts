import { randomBytes } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import type { Answer } from './answer.js';
import type { SandboxClock } from './clock.js';
import { credentialsMatch, type ExpectedCredentials, readCredentials } from './credentials.js';
import { magicNumber } from './magic-numbers.js';
import type { ProviderCalls } from './provider-call.js';
import type { RequestBook } from './request-book.js';
import type { Throttle } from './throttle.js';
import * as answers from './v1-answers.js';
import { isRequestId, readRequestId, readStart, text, type V1Parameters } from './v1-parameters.js';
import type { CancelResult, CheckResult, NextResult } from './verification-request.js';
import type { Operation } from './words.js';

export interface ProviderParts {
  clock: SandboxClock;
  requests: RequestBook;
  calls: ProviderCalls;
  throttle: Throttle;
  credentials: ExpectedCredentials;
}

const MAX_SEARCHED = 10;

/** Verify v1. Vonage takes GET and POST, JSON and forms, on all four. */
export function v1Routes({ clock, requests, calls, throttle, credentials }: ProviderParts): Router {
  const router = Router();

  /** @param act has the account's API key once the call is admitted */
  const answer = (
    request: Request,
    response: Response,
    operation: Operation,
    act: (parameters: V1Parameters, apiKey: string) => Answer,
  ) => {
    const parameters = parametersOf(request);
    const to = operation === 'start' ? text(parameters['number']) : undefined;
    const id = operation === 'start' ? undefined : text(parameters['request_id']);
    const call = {
      api: 'v1' as const,
      operation,
      ...(to === undefined ? {} : { to }),
      ...(id === undefined ? {} : { providerRequestId: id }),
    };
    return calls.answer(response, call, () => {
      const given = readCredentials(request, parameters);
      if (!given.apiKey) return answers.missing('api_key');
      if (!given.apiSecret) return answers.missing('api_secret');
      if (!credentialsMatch(given, credentials)) return answers.badCredentials(operation === 'start');
      return throttle.accept(given.apiKey) ? act(parameters, given.apiKey) : answers.throttled();
    });
  };

  const start = (parameters: V1Parameters, apiKey: string): Answer => {
    const plan = readStart(parameters, apiKey);
    if ('status' in plan) return plan;
    const { to } = plan.steps[0]!;
    const refusal = magicNumber(to)?.start;
    if (refusal === 'conflict') return answers.conflict(randomBytes(16).toString('hex'));
    if (refusal) return answers.REFUSALS[refusal]();
    const inFlight = requests.inFlight('v1', to);
    return inFlight ? answers.conflict(inFlight.id) : answers.started(requests.start(plan).id);
  };

  const check = (parameters: V1Parameters): Answer => {
    const id = readRequestId(parameters);
    if (typeof id !== 'string') return id;
    const code = text(parameters['code']);
    if (!code) return answers.missing('code');
    if (code.length < 4 || code.length > 6) return answers.invalid('param: code');
    const request = requests.find('v1', id);
    const result = requests.check(request, code);
    if (result === 'matched' && request) return answers.matched(request);
    return CHECKED[result](id);
  };

  const control = (parameters: V1Parameters): Answer => {
    const id = readRequestId(parameters);
    if (typeof id !== 'string') return id;
    const command = text(parameters['cmd']);
    if (!command) return answers.missing('cmd');
    const request = requests.find('v1', id);
    if (command === 'cancel') return CANCELLED[requests.cancel(request)](id);
    if (command === 'trigger_next_event') return NEXT[requests.next(request)](id);
    return answers.invalid('param: cmd');
  };

  const search = (parameters: V1Parameters): Answer => {
    const ids = [parameters['request_ids'] ?? []].flat().map(String);
    if (ids.length === 0) {
      const id = readRequestId(parameters);
      if (typeof id !== 'string') return id;
      const request = requests.find('v1', id);
      if (!answers.searchable(request, clock.now())) return answers.notFound();
      return { status: 200, body: answers.searchResult(request) };
    }
    if (ids.length > MAX_SEARCHED || !ids.every(isRequestId)) return answers.invalid('param: request_ids');
    const found = ids
      .map((id) => requests.find('v1', id))
      .filter((request) => answers.searchable(request, clock.now()));
    if (found.length === 0) return answers.notFound();
    return { status: 200, body: { verification_requests: found.map(answers.searchResult) } };
  };

  router.all('/verify/json', (request, response) => answer(request, response, 'start', start));
  router.all('/verify/check/json', (request, response) => answer(request, response, 'check', check));
  router.all('/verify/search/json', (request, response) => answer(request, response, 'search', search));
  router.all('/verify/control/json', (request, response) => {
    const operation = parametersOf(request)['cmd'] === 'trigger_next_event' ? 'next' : 'cancel';
    return answer(request, response, operation, control);
  });
  return router;
}

function parametersOf({ query, body }: Request): V1Parameters {
  return { ...query, ...(typeof body === 'object' && body !== null ? (body as object) : {}) };
}

const CHECKED: Record<CheckResult, (id: string) => Answer> = {
  // Answered with the request's price; here only for completeness.
  matched: answers.internalError,
  mismatched: answers.mismatched,
  exhausted: answers.exhausted,
  gone: answers.gone,
  'no-code': answers.internalError,
  throttled: answers.throttled,
  'internal-error': answers.internalError,
};

const CANCELLED: Record<CancelResult, (id: string) => Answer> = {
  cancelled: () => answers.done('cancel'),
  'too-early': answers.cancelTooEarly,
  'too-late': answers.cancelTooLate,
  gone: answers.goneOnControl,
  'internal-error': answers.internalError,
};

const NEXT: Record<NextResult, (id: string) => Answer> = {
  sent: () => answers.done('trigger_next_event'),
  'no-more': answers.noMoreEvents,
  'try-later': answers.noMoreEvents,
  gone: answers.goneOnControl,
  'internal-error': answers.internalError,
};
