import { type Request, Router } from 'express';
import { z } from 'zod';
import { type Credentials, isAuthorized } from './credentials.js';
import type { Answer } from './faults.js';
import { BAD_CREDENTIALS, magicOf, THROTTLED, type V2Answer } from './magic-numbers.js';
import type { ProviderCalls } from './provider-calls.js';
import type { RateWindow } from './rate-window.js';
import type { SandboxRequests } from './requests.js';

const startSchema = z.object({
  brand: z
    .string('Brand is required')
    .min(1, 'Brand is required')
    .max(18)
    .regex(/^[^/{}:$\\]*$/),
  workflow: z
    .array(
      z.object({
        channel: z.enum(['silent_auth', 'rcs', 'sms', 'whatsapp', 'voice', 'email']),
        to: z.string().regex(/^(?!00)\d{7,15}$/, '`to` is not a valid number'),
      }),
    )
    .min(1)
    .max(3),
  channel_timeout: z.number().int().min(15).max(900).default(180),
  code_length: z.number().int().min(4).max(10).default(4),
  client_ref: z
    .string()
    .regex(/^[a-zA-Z0-9]{1,40}$/)
    .optional(),
  locale: z
    .string()
    .regex(/^[a-z]{2,3}-[a-z]{2}$/)
    .optional(),
});

const problem = ({ status, fragment, title, detail, extra }: V2Answer): Answer => ({
  status,
  headers: { 'Content-Type': 'application/problem+json' },
  body: {
    type: `https://developer.vonage.com/api-errors#${fragment}`,
    title,
    detail,
    instance: 'bf0ca0bf927b3b52e3cb03217e1a1ddf',
    ...extra,
  },
});
const notFound = (id: string) =>
  problem({
    status: 404,
    fragment: 'not-found',
    title: 'Not Found',
    detail: `Request ${id} was not found or it has been verified already.`,
  });
const conflict = (fragment: string, detail: string, extra: object = {}) =>
  problem({ status: 409, fragment, title: 'Conflict', detail, extra: { ...extra } });

export interface V2Dependencies {
  requests: SandboxRequests;
  calls: ProviderCalls;
  rate: RateWindow;
  credentials: Credentials;
}

/** Verify v2: HTTP statuses and problem details. */
export function v2Routes({ requests, calls, rate, credentials }: V2Dependencies): Router {
  const guarded = (answer: (request: Request) => Answer) => (request: Request) => {
    if (!isAuthorized(request, credentials)) return problem(BAD_CREDENTIALS.v2);
    if (!rate.take()) return problem(THROTTLED.v2);
    return answer(request);
  };
  const idOf = (request: Request) => String(request.params['id']);
  const numberOf = (request: Request) => requests.find(idOf(request))?.to;

  const start = (request: Request): Answer => {
    const parsed = startSchema.safeParse(request.body);
    if (!parsed.success) return invalid(parsed.error.issues);
    const { brand, workflow, channel_timeout: seconds, code_length: codeLength } = parsed.data;
    const to = workflow[0]!.to;
    const magic = magicOf(to)?.start?.v2;
    const blocked = magic === 'started-but-blocked';
    if (magic && !blocked) return problem(magic);
    const result = requests.start({
      api: 'v2',
      to,
      brand,
      codeLength,
      ttlSeconds: seconds,
      stepSeconds: seconds,
      steps: workflow.map(({ channel }) => channel),
      blocked,
    });
    return 'inFlight' in result
      ? conflict('concurrent', 'Concurrent verifications to the same number are not allowed.', {
          request_id: result.inFlight.id,
        })
      : { status: 202, body: { request_id: result.started.id } };
  };

  const check = (request: Request): Answer => {
    const id = idOf(request);
    const { code } = (request.body ?? {}) as { code?: unknown };
    if (typeof code !== 'string' || !/^[a-zA-Z0-9]{4,10}$/.test(code)) {
      return invalid([{ path: ['code'], message: 'Code must be 4 to 10 characters' }]);
    }
    const known = requests.find(id);
    const magic = known && magicOf(known.to)?.check;
    if (magic) return problem(magic.v2);
    switch (requests.check(id, code)) {
      case 'matched':
        return { status: 200, body: { request_id: id, status: 'completed' } };
      case 'mismatched':
        return problem({
          status: 400,
          fragment: 'invalid-code',
          title: 'Invalid Code',
          detail: 'The code you provided does not match the expected value.',
        });
      case 'exhausted':
        return problem({
          status: 410,
          fragment: 'expired',
          title: 'Invalid Code',
          detail: 'An incorrect code has been provided too many times. Workflow terminated.',
        });
      case 'gone':
        return notFound(id);
    }
  };

  const cancel = (request: Request): Answer => {
    const id = idOf(request);
    const known = requests.find(id);
    const magic = known && magicOf(known.to)?.cancel;
    if (magic) return problem(magic.v2);
    switch (requests.cancel(id)) {
      case 'cancelled':
        return { status: 204, body: undefined };
      case 'too-early':
        // Inferred: no documented status of this operation says "not yet"; 404 would say that there is nothing to cancel.
        return conflict(
          'conflict',
          'The request cannot be cancelled within the first 30 seconds. Please try again later.',
        );
      case 'too-late':
        return conflict('conflict', 'The request cannot be cancelled any more.');
      case 'gone':
        return notFound(id);
    }
  };

  const next = (request: Request): Answer => {
    const id = idOf(request);
    const result = requests.next(id);
    if (result === 'gone') return notFound(id);
    if (result === 'no-more') return conflict('no-events', 'There are no more events left to trigger.');
    return { status: 200, body: undefined };
  };

  const router = Router();
  router.post(
    '/v2/verify',
    calls.handler({
      api: 'v2',
      operation: 'start',
      to: (request) => (request.body as { workflow?: { to?: string }[] } | undefined)?.workflow?.[0]?.to,
      answer: guarded(start),
    }),
  );
  router.post(
    '/v2/verify/:id',
    calls.handler({ api: 'v2', operation: 'check', to: numberOf, requestId: idOf, answer: guarded(check) }),
  );
  router.delete(
    '/v2/verify/:id',
    calls.handler({ api: 'v2', operation: 'cancel', to: numberOf, answer: guarded(cancel) }),
  );
  router.post(
    '/v2/verify/:id/next_workflow',
    calls.handler({ api: 'v2', operation: 'next', to: numberOf, answer: guarded(next) }),
  );
  return router;
}

function invalid(issues: { path: PropertyKey[]; message: string }[]): Answer {
  return problem({
    status: 422,
    fragment: 'invalid-params',
    title: 'Invalid params',
    detail: 'The value of one or more parameters is invalid.',
    extra: {
      invalid_parameters: issues.map(({ path, message }) => ({
        name: path
          .map((part, index) =>
            typeof part === 'number' ? `[${part}]` : `${index ? '.' : ''}${String(part)}`,
          )
          .join(''),
        reason: message,
      })),
    },
  });
}
