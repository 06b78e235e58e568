import { CallCounter, type CallCounts } from './calls.js';
import { SandboxClock } from './clock.js';
import { controlRoutes } from './control-routes.js';
import { Faults } from './faults.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import { closeServer, createExpress, listen, portOf } from './listener.js';
import { PhonePage } from './phone-page.js';
import { ProviderCalls } from './provider-call.js';
import { RequestBook } from './request-book.js';
import { Throttle } from './throttle.js';
import { v1Routes } from './v1-routes.js';
import { v2Routes } from './v2-routes.js';
import type { WebhookDelivery } from './webhook-courier.js';
import { webhookRoutes } from './webhook-routes.js';
import { Webhooks, type WebhookTarget } from './webhooks.js';

export interface SandboxOptions {
  /** 0: any free one. */
  port: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** If given, callers must use this key; default: any. */
  apiKey?: string;
  /** If given, callers must use this secret; default: any. */
  apiSecret?: string;
  /** Per API key, over all operations. Default 30 as at Vonage; 0 switches it off. */
  requestsPerSecond?: number;
  /** Where v2's webhooks go; default: nowhere. See {@link Sandbox.sendWebhooksTo}. */
  webhook?: WebhookTarget;
}

export interface Sandbox {
  /** Without a slash at the end: Vonage's `apiHost`, and the phone page. */
  readonly url: string;
  readonly port: number;
  /** Everything "sent", oldest first. @param to one number, in any spelling */
  ledger(to?: string): LedgerEntry[];
  /** Whether the request's code was typed right at the provider. */
  isVerified(providerRequestId: string): boolean;
  /** What was called, whatever was answered. */
  calls(): CallCounts;
  /**
   * From now on v2's webhooks go there; null: nowhere, and what is pending is dropped.
   * @throws Error if the URL is none
   */
  sendWebhooksTo(target: WebhookTarget | null): void;
  /** The last 1000 notifications, oldest first, and what became of them. */
  webhooks(): WebhookDelivery[];
  /** Forgets messages, requests, faults, counts, skipped time and notifications; webhooks keep their target. */
  reset(): void;
  /** Cuts all connections; may be called twice. */
  close(): Promise<void>;
}

const DEFAULT_HOST = '127.0.0.1';
const VONAGE_REQUESTS_PER_SECOND = 30;

/**
 * A look-alike of Vonage Verify v1 and v2 with state, that sends nothing.
 * @throws Error if the port is in use
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { host = DEFAULT_HOST, requestsPerSecond = VONAGE_REQUESTS_PER_SECOND } = options;
  const stopping = new AbortController();
  const clock = new SandboxClock();
  const ledger = new Ledger();
  const requests = new RequestBook(clock, ledger);
  const faults = new Faults();
  const counter = new CallCounter();
  const throttle = new Throttle(requestsPerSecond, clock);
  const phone = new PhonePage(ledger, requests);
  const webhooks = new Webhooks(requests, clock);
  if (options.webhook) webhooks.sendTo(options.webhook);
  const calls = new ProviderCalls(requests, faults, counter, stopping.signal);

  const reset = () => {
    requests.clear();
    for (const part of [ledger, faults, phone, webhooks]) part.clear();
    for (const part of [counter, throttle, clock]) part.reset();
  };

  const provider = { clock, requests, calls, throttle, credentials: options };
  const control = controlRoutes({ clock, ledger, requests, faults, counter, webhooks, reset });
  const app = createExpress([
    v1Routes(provider),
    v2Routes(provider),
    control,
    webhookRoutes(webhooks),
    phone.routes(),
  ]);
  const server = await listen(app, options.port, host);

  let closed: Promise<void> | undefined;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${portOf(server)}`,
    port: portOf(server),
    ledger: (to) => {
      requests.settleAll();
      return ledger.list(to);
    },
    isVerified: (providerRequestId) =>
      (['v1', 'v2'] as const).some((api) => requests.find(api, providerRequestId)?.status === 'success'),
    calls: () => counter.list(),
    sendWebhooksTo: (target) => webhooks.sendTo(target),
    webhooks: () => webhooks.list(),
    reset,
    close: () => {
      closed ??= (stopping.abort(), phone.close(), webhooks.close(), closeServer(server));
      return closed;
    },
  };
}
