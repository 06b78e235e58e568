import { randomUUID } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import type { Answer } from './answer.js';
import { credentialsMatch, readCredentials } from './credentials.js';
import { magicNumber } from './magic-numbers.js';
import type { ProviderParts } from './v1-routes.js';
import { firstDestination, readStart } from './v2-parameters.js';
import * as problems from './v2-problems.js';
import type { CancelResult, CheckResult, NextResult } from './verification-request.js';
import type { Operation } from './words.js';

/** Verify v2: start, check, cancel, next step. Silent authentication has no page here and templates are not served. */
export function v2Routes({ requests, calls, throttle, credentials }: ProviderParts): Router {
  const router = Router();

  /** @param act has the account's API key once the call is admitted */
  const answer = (
    request: Request,
    response: Response,
    operation: Operation,
    act: (apiKey: string) => Answer,
  ) => {
    const to = operation === 'start' ? firstDestination(request.body) : undefined;
    const call = {
      api: 'v2' as const,
      operation,
      ...(to === undefined ? {} : { to }),
      ...(operation === 'start' ? {} : { providerRequestId: idOf(request) }),
    };
    return calls.answer(response, call, () => {
      const given = readCredentials(request);
      const complete = given.bearer || (given.apiKey && given.apiSecret);
      if (!complete || !credentialsMatch(given, credentials)) return problems.unauthorized();
      const apiKey = given.apiKey ?? credentials.apiKey ?? 'application';
      return throttle.accept(apiKey) ? act(apiKey) : problems.throttled();
    });
  };

  const start = (body: unknown, apiKey: string): Answer => {
    const plan = readStart(body, apiKey);
    if ('status' in plan) return plan;
    const first = plan.steps[0]!;
    const refusal = magicNumber(first.to)?.start;
    if (refusal === 'conflict') return problems.concurrent(randomUUID());
    if (refusal && refusal !== 'blocked') return problems.REFUSALS[refusal]();
    const inFlight = requests.inFlight('v2', first.to);
    if (inFlight) return problems.concurrent(inFlight.id);
    const { id } = requests.start(plan, refusal === 'blocked');
    const checkUrl = `https://api.nexmo.com/v2/verify/${id}/silent-auth/redirect`;
    return {
      status: 202,
      body: { request_id: id, ...(first.channel === 'silent_auth' ? { check_url: checkUrl } : {}) },
    };
  };

  const check = (id: string, body: unknown): Answer => {
    const code = (body as { code?: unknown } | undefined)?.code;
    if (typeof code !== 'string' || code === '') {
      return problems.invalidParameters([{ name: 'code', reason: 'Code is required' }]);
    }
    return CHECKED[requests.check(requests.find('v2', id), code)](id);
  };

  router.post('/v2/verify', (request, response) =>
    answer(request, response, 'start', (apiKey) => start(request.body, apiKey)),
  );
  router.post('/v2/verify/:id', (request, response) =>
    answer(request, response, 'check', () => check(idOf(request), request.body)),
  );
  router.delete('/v2/verify/:id', (request, response) => {
    const id = idOf(request);
    return answer(request, response, 'cancel', () => CANCELLED[requests.cancel(requests.find('v2', id))](id));
  });
  router.post('/v2/verify/:id/next_workflow', (request, response) => {
    const id = idOf(request);
    return answer(request, response, 'next', () => NEXT[requests.next(requests.find('v2', id))](id));
  });
  return router;
}

/** Ids that are no UUIDs are unknown like any other: none of these operations documents a 422. */
const idOf = (request: Request): string => String(request.params['id']).slice(0, 64);

const CHECKED: Record<CheckResult, (id: string) => Answer> = {
  matched: (id) => ({ status: 200, body: { request_id: id, status: 'completed' } }),
  mismatched: problems.invalidCode,
  exhausted: problems.exhausted,
  gone: problems.notFound,
  'no-code': problems.noCode,
  throttled: problems.throttled,
  'internal-error': problems.internalError,
};

const CANCELLED: Record<CancelResult, (id: string) => Answer> = {
  cancelled: () => ({ status: 204 }),
  'too-early': problems.cancelTooEarly,
  'too-late': problems.cancelTooLate,
  gone: problems.notFound,
  'internal-error': problems.internalError,
};

const NEXT: Record<NextResult, (id: string) => Answer> = {
  // The OpenAPI file documents no body.
  sent: () => ({ status: 200 }),
  'no-more': problems.noMoreEvents,
  'try-later': problems.tryLater,
  gone: problems.notFound,
  'internal-error': problems.internalError,
};
