import { Router } from 'express';
import { z } from 'zod';
import type { Calls } from './calls.js';
import type { SandboxClock } from './clock.js';
import { type Faults, faultSchema } from './faults.js';
import type { Ledger } from './ledger.js';
import type { RequestBook } from './request-book.js';
import { targetSchema, type Webhooks } from './webhooks.js';

/** What the control routes read and change. */
export interface ControlParts {
  clock: SandboxClock;
  ledger: Ledger;
  requests: RequestBook;
  faults: Faults;
  calls: Calls;
  webhooks: Webhooks;
  reset: () => void;
}

const TEN_YEARS_SECONDS = 315_360_000;
const advanceSchema = z.strictObject({ advanceSeconds: z.number().min(0).max(TEN_YEARS_SECONDS) });
const noTarget = z.strictObject({ url: z.null() });
const replaySchema = z.strictObject({
  id: z.string().min(1).max(20),
  times: z.int().min(1).max(100).default(1),
});

/** The routes that Vonage does not have: the clock, the messages, the calls, faults, and the target of webhooks. */
export function controlRoutes(parts: ControlParts): Router {
  const { clock, ledger, requests, faults, calls, webhooks, reset } = parts;
  const router = Router();
  const time = () => ({ now: new Date(clock.now()).toISOString(), offsetSeconds: clock.offsetSeconds });

  router.get('/clock', (_request, response) => {
    response.json(time());
  });
  router.post('/clock', (request, response) => {
    clock.advance(advanceSchema.parse(request.body).advanceSeconds);
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
    response.json(calls.list());
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

  router.get('/webhooks', (_request, response) => {
    response.json(webhooks.list());
  });
  router.post('/webhooks', (request, response) => {
    webhooks.sendTo(noTarget.safeParse(request.body).success ? null : targetSchema.parse(request.body));
    response.status(204).end();
  });
  router.post('/webhooks/replay', (request, response) => {
    const { id, times } = replaySchema.parse(request.body);
    if (!webhooks.hasTarget) {
      response.status(409).json({ error: 'there is no target; POST /webhooks {"url", "secret"} first' });
      return;
    }
    const delivery = webhooks.replay(id, times);
    if (delivery) response.status(202).json(delivery);
    else response.status(404).json({ error: 'no notification with this id' });
  });
  return router;
}
