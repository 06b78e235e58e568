import { type Response, Router } from 'express';
import { z } from 'zod';
import type { CallCounter } from './calls.js';
import type { SandboxClock } from './clock.js';
import { type Faults, faultSchema } from './faults.js';
import type { Ledger } from './ledger.js';
import type { RequestBook } from './request-book.js';
import type { Webhooks } from './webhooks.js';

export interface ControlParts {
  clock: SandboxClock;
  ledger: Ledger;
  requests: RequestBook;
  faults: Faults;
  counter: CallCounter;
  webhooks: Webhooks;
  reset: () => void;
}

const TEN_YEARS_SECONDS = 315_360_000;
const advanceSchema = z.strictObject({ advanceSeconds: z.number().min(0).max(TEN_YEARS_SECONDS) });

/** What Vonage does not have: the clock, what was sent, what was called, and faults to order. */
export function controlRoutes(parts: ControlParts): Router {
  const { clock, ledger, requests, faults, counter, webhooks, reset } = parts;
  const router = Router();
  const time = () => ({ now: new Date(clock.now()).toISOString(), offsetSeconds: clock.offsetSeconds });

  router.get('/clock', (_request, response) => {
    response.json(time());
  });
  router.post('/clock', (request, response) => {
    const { advanceSeconds } = advanceSchema.parse(request.body);
    clock.advance(advanceSeconds);
    requests.settleAll();
    webhooks.catchUp();
    response.json(time());
  });

  router.get('/ledger', (request, response) => {
    const { to } = request.query;
    if (to !== undefined && (typeof to !== 'string' || !/[\d@]/.test(to))) {
      response.status(400).json({ error: 'to must be one phone number, for example ?to=14155552671' });
      return;
    }
    requests.settleAll();
    response.json(ledger.list(to));
  });
  router.delete('/ledger', (_request, response) => {
    reset();
    response.status(204).end();
  });

  router.get('/calls', (_request, response) => {
    response.json(counter.list());
  });

  router.get('/faults', (_request, response) => {
    response.json(faults.list());
  });
  router.post('/faults', (request, response) => {
    response.status(201).json(faults.add(faultSchema.parse(request.body)));
  });
  router.delete('/faults', (_request, response) => {
    faults.clear();
    response.status(204).end();
  });
  router.delete('/faults/:id', (request, response) => {
    if (faults.remove(request.params.id)) response.status(204).end();
    else response.status(404).json({ error: 'no fault with this id' });
  });
  return router;
}

export function sendValidationError(response: Response, error: z.ZodError): void {
  const issues = error.issues.map(({ path, message }) => ({ field: path.join('.') || 'body', message }));
  response.status(400).json({ error: 'invalid body; send JSON with content-type application/json', issues });
}
