import { randomUUID } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import type { Answer } from './answer.js';
import { areAccepted, readCredentials } from './calls.js';
import { magicNumber } from './magic-numbers.js';
import type { ProviderParts } from './v1-routes.js';
import { firstDestination, readStart } from './v2-parameters.js';
import * as problems from './v2-problems.js';
import type { CancelResult, CheckResult, NextResult, Operation } from './verification-request.js';

/** Verify v2: start, check, cancel and next step. Silent authentication's page and templates are not imitated. */
export function v2Routes({ requests, calls, throttle, credentials }: ProviderParts): Router {
  const router = Router();

  /** @param act performs the operation for the account with this API key; called once the call is admitted */
  const answer = (
    request: Request,
    response: Response,
    operation: Operation,
    act: (apiKey: string) => Answer,
  ) => {
    const call =
      operation === 'start'
        ? { to: firstDestination(request.body) }
        : { providerRequestId: requestId(request) };
    return calls.answer(response, { api: 'v2', operation, ...call }, () => {
      const caller = readCredentials(request);
      const isComplete = caller.hasToken || (caller.apiKey && caller.apiSecret);
      if (!isComplete || !areAccepted(caller, credentials)) return problems.unauthorized();
      const apiKey = caller.apiKey || (credentials.apiKey ?? 'application');
      return throttle.accept(apiKey) ? act(apiKey) : problems.throttled();
    });
  };

  router.post('/v2/verify', (request, response) =>
    answer(request, response, 'start', (apiKey) => {
      const plan = readStart(request.body, apiKey);
      if ('status' in plan) return plan;
      const { to, channel } = plan.steps[0]!;
      const refusal = magicNumber(to)?.start;
      if (refusal === 'conflict') return problems.concurrent(randomUUID());
      if (refusal && refusal !== 'blocked') return problems.REFUSALS[refusal]();
      const inFlight = requests.inFlight('v2', to);
      if (inFlight) return problems.concurrent(inFlight.id);
      const { id } = requests.start(plan, refusal === 'blocked');
      const checkUrl = `https://api.nexmo.com/v2/verify/${id}/silent-auth/redirect`;
      return {
        status: 202,
        body: { request_id: id, ...(channel === 'silent_auth' && { check_url: checkUrl }) },
      };
    }),
  );

  router.post('/v2/verify/:id', (request, response) =>
    answer(request, response, 'check', () => {
      const id = requestId(request);
      const code = (request.body as { code?: unknown } | undefined)?.code;
      if (typeof code !== 'string' || code === '') {
        return problems.invalidParameters([{ name: 'code', reason: 'Code is required' }]);
      }
      return CHECKED[requests.check('v2', id, code)](id);
    }),
  );

  router.delete('/v2/verify/:id', (request, response) => {
    const id = requestId(request);
    return answer(request, response, 'cancel', () => CANCELLED[requests.cancel('v2', id)](id));
  });

  router.post('/v2/verify/:id/next_workflow', (request, response) => {
    const id = requestId(request);
    return answer(request, response, 'next', () => NEXT[requests.next('v2', id)](id));
  });
  return router;
}

/** A malformed id is treated as an unknown request: none of these operations documents a 422 for it. */
const requestId = (request: Request): string => String(request.params['id']).slice(0, 64);

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
