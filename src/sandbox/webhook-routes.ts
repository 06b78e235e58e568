import { Router } from 'express';
import { z } from 'zod';
import { type Webhooks, type WebhookTarget } from './webhooks.js';

const noTarget = z.strictObject({ url: z.null() });
const replaySchema = z.strictObject({
  id: z.string().min(1).max(20),
  times: z.int().min(1).max(100).default(1),
});

/** What Vonage has in its dashboard, and a look at what was sent. */
export function webhookRoutes(webhooks: Webhooks): Router {
  const router = Router();
  router.get('/webhooks', (_request, response) => {
    response.json(webhooks.list());
  });
  router.post('/webhooks', (request, response) => {
    webhooks.sendTo(noTarget.safeParse(request.body).success ? null : (request.body as WebhookTarget));
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
