import { createServer, type Server } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { z } from 'zod';
import { SandboxClock } from './clock.js';
import type { Credentials } from './credentials.js';
import { Faults, faultSchema } from './faults.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import { phonePage } from './phone.page.js';
import { type CallCounts, ProviderCalls } from './provider-calls.js';
import { RateWindow } from './rate-window.js';
import { SandboxRequests } from './requests.js';
import { v1Routes } from './v1.routes.js';
import { v2Routes } from './v2.routes.js';

export interface SandboxOptions extends Credentials {
  /** 0 for any free one. */
  port: number;
  /** Loopback unless told. */
  host?: string;
  /** Vonage's 30 unless told; 0 for no limit. */
  requestsPerSecond?: number;
}

/** A running look-alike of Vonage Verify. */
export interface Sandbox {
  url: string;
  port: number;
  ledger(to?: string): LedgerEntry[];
  /** Provider calls received so far. */
  calls(): CallCounts;
  /** Forgets messages, requests, faults, counts and the clock. */
  reset(): void;
  close(): Promise<void>;
}

const DEFAULT_REQUESTS_PER_SECOND = 30;
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/**
 * Starts the sandbox on its own listener. It shows every code to anyone who asks, so it is never for production.
 * @throws Error with code EADDRINUSE when the port is taken
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const clock = new SandboxClock();
  const ledger = new Ledger();
  const faults = new Faults();
  const requests = new SandboxRequests(clock, ledger);
  const calls = new ProviderCalls(faults);
  const rate = new RateWindow(options.requestsPerSecond ?? DEFAULT_REQUESTS_PER_SECOND);
  const phone = phonePage(ledger);
  const { apiKey, apiSecret } = options;

  const reset = () => {
    for (const part of [ledger, requests, faults]) part.clear();
    calls.reset();
    clock.reset();
  };

  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use((_request, response, next) => {
    response.set({
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    });
    next();
  });
  app.use(express.json({ limit: '100kb' }), express.urlencoded({ extended: false, limit: '100kb' }));
  app.use(v1Routes({ requests, calls, rate, clock, credentials: { apiKey, apiSecret } }));
  app.use(v2Routes({ requests, calls, rate, credentials: { apiKey, apiSecret } }));
  app.use(phone.routes);
  controlRoutes(app, { clock, ledger, faults, requests, calls, reset });
  app.use((_request, response) => void response.status(404).json({ title: 'Not Found' }));
  app.use(onError);

  const server = createServer(app);
  await listen(server, options.port, options.host ?? '127.0.0.1');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    ledger(to) {
      requests.settle();
      return ledger.list(to);
    },
    calls: () => calls.counts,
    reset,
    close: () =>
      new Promise((resolve) => {
        phone.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Parts {
  clock: SandboxClock;
  ledger: Ledger;
  faults: Faults;
  requests: SandboxRequests;
  calls: ProviderCalls;
  reset(): void;
}

/** What Vonage does not have: looking behind the scenes, letting time pass, breaking things. */
function controlRoutes(app: Express, { clock, ledger, faults, requests, calls, reset }: Parts): void {
  app.get('/ledger', (request, response) => {
    requests.settle();
    const { to } = request.query;
    response.json(ledger.list(typeof to === 'string' ? to : undefined));
  });
  app.delete('/ledger', (_request, response) => {
    reset();
    response.status(204).end();
  });
  app.get('/calls', (_request, response) => void response.json(calls.counts));

  app.get('/faults', (_request, response) => void response.json(faults.list()));
  app.post('/faults', (request, response) => {
    const parsed = faultSchema.safeParse(request.body);
    if (parsed.success) response.status(201).json(faults.add(parsed.data));
    else response.status(400).json({ title: 'Not a fault', detail: z.prettifyError(parsed.error) });
  });
  app.delete('/faults', (_request, response) => {
    faults.clear();
    response.status(204).end();
  });
  app.delete('/faults/:id', (request, response) => {
    response.status(faults.remove(request.params.id) ? 204 : 404).end();
  });

  app.get('/clock', (_request, response) => void response.json({ now: new Date(clock.now()).toISOString() }));
  app.post('/clock', (request, response) => {
    const parsed = z.object({ advanceSeconds: z.number().min(0).max(86_400) }).safeParse(request.body);
    if (!parsed.success)
      return void response.status(400).json({ title: 'Bad clock', detail: z.prettifyError(parsed.error) });
    clock.advance(parsed.data.advanceSeconds);
    response.json({ now: new Date(clock.now()).toISOString() });
  });
}

const onError: ErrorRequestHandler = (error: { status?: number }, _request, response, _next) => {
  response.status(error.status ?? 500).json({ title: 'Bad Request', detail: 'The body could not be read.' });
};

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}
