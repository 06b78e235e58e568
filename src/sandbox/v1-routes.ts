import { randomBytes } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import type { Answer } from './answer.js';
import { areAccepted, type Calls, readCredentials, type Throttle } from './calls.js';
import type { SandboxClock } from './clock.js';
import { magicNumber } from './magic-numbers.js';
import type { RequestBook } from './request-book.js';
import * as answers from './v1-answers.js';
import { isRequestId, readParameters, readStart, type V1Parameters } from './v1-parameters.js';
import type { CancelResult, CheckResult, NextResult, Operation } from './verification-request.js';

/** What the routes of v1 and v2 need. */
export interface ProviderParts {
  clock: SandboxClock;
  requests: RequestBook;
  calls: Calls;
  throttle: Throttle;
  credentials: { apiKey?: string; apiSecret?: string };
}

const MAX_SEARCHED = 10;

/** Verify v1. Like Vonage, all four routes accept GET and POST, JSON and forms. */
export function v1Routes({ clock, requests, calls, throttle, credentials }: ProviderParts): Router {
  const router = Router();

  /** @param act performs the operation for the account with this API key; called once the call is admitted */
  const answer = (
    request: Request,
    response: Response,
    operation: Operation,
    act: (parameters: V1Parameters, apiKey: string) => Answer,
  ) => {
    const parameters = readParameters(rawParameters(request));
    const call =
      operation === 'start' ? { to: parameters['number'] } : { providerRequestId: parameters['request_id'] };
    return calls.answer(response, { api: 'v1', operation, ...call }, () => {
      const caller = readCredentials(request, parameters);
      if (!caller.apiKey) return answers.missing('api_key');
      if (!caller.apiSecret) return answers.missing('api_secret');
      if (!areAccepted(caller, credentials)) return answers.badCredentials(operation === 'start');
      return throttle.accept(caller.apiKey) ? act(parameters, caller.apiKey) : answers.throttled();
    });
  };

  router.all('/verify/json', (request, response) =>
    answer(request, response, 'start', (parameters, apiKey) => {
      const plan = readStart(parameters, apiKey);
      if ('status' in plan) return plan;
      const { to } = plan.steps[0]!;
      const refusal = magicNumber(to)?.start;
      if (refusal === 'conflict') return answers.conflict(randomBytes(16).toString('hex'));
      if (refusal) return answers.REFUSALS[refusal]();
      const inFlight = requests.inFlight('v1', to);
      return inFlight ? answers.conflict(inFlight.id) : answers.started(requests.start(plan).id);
    }),
  );

  router.all('/verify/check/json', (request, response) =>
    answer(request, response, 'check', (parameters) =>
      withRequestId(parameters, (id) => {
        const { code } = parameters;
        if (!code) return answers.missing('code');
        if (code.length < 4 || code.length > 6) return answers.invalid('param: code');
        const result = requests.check('v1', id, code);
        return result === 'matched' ? answers.matched(requests.find('v1', id)!) : CHECKED[result](id);
      }),
    ),
  );

  router.all('/verify/control/json', (request, response) => {
    const command = readParameters(rawParameters(request))['cmd'];
    const operation = command === 'trigger_next_event' ? 'next' : 'cancel';
    return answer(request, response, operation, (parameters) =>
      withRequestId(parameters, (id) => {
        if (!command) return answers.missing('cmd');
        if (command === 'cancel') return CANCELLED[requests.cancel('v1', id)](id);
        if (command === 'trigger_next_event') return NEXT[requests.next('v1', id)](id);
        return answers.invalid('param: cmd');
      }),
    );
  });

  router.all('/verify/search/json', (request, response) =>
    answer(request, response, 'search', (parameters) => {
      const find = (id: string) => {
        const found = requests.find('v1', id);
        return answers.isSearchable(found, clock.now()) ? [answers.searchResult(found)] : [];
      };
      const { request_ids: list = [] } = rawParameters(request);
      const ids = [list].flat().map(String);
      if (ids.length === 0) {
        return withRequestId(parameters, (id) => {
          const [body] = find(id);
          return body ? { status: 200, body } : answers.notFound();
        });
      }
      if (ids.length > MAX_SEARCHED || !ids.every(isRequestId)) return answers.invalid('param: request_ids');
      const found = ids.flatMap(find);
      return found.length > 0 ? { status: 200, body: { verification_requests: found } } : answers.notFound();
    }),
  );
  return router;
}

function rawParameters({ query, body }: Request): Record<string, unknown> {
  return { ...query, ...(typeof body === 'object' && body !== null ? (body as object) : {}) };
}

function withRequestId({ request_id: id }: V1Parameters, act: (id: string) => Answer): Answer {
  if (!id) return answers.missing('request_id');
  return isRequestId(id) ? act(id) : answers.invalid('param: request_id');
}

const CHECKED: Record<Exclude<CheckResult, 'matched'>, (id: string) => Answer> = {
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
