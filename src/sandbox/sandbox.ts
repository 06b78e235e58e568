import type { AddressInfo } from 'node:net';
import { type CallCounts, Calls, Throttle } from './calls.js';
import { SandboxClock } from './clock.js';
import { controlRoutes } from './control-routes.js';
import { Faults } from './faults.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import { PhonePage } from './phone-page.js';
import { RequestBook } from './request-book.js';
import { closeServer, createExpress, listen } from './server.js';
import { v1Routes } from './v1-routes.js';
import { v2Routes } from './v2-routes.js';
import { APIS } from './verification-request.js';
import type { WebhookDelivery } from './webhook-courier.js';
import { Webhooks, type WebhookTarget } from './webhooks.js';

/** How the sandbox runs. */
export interface SandboxOptions {
  /** 0 takes any free port. */
  port: number;
  /** @default '127.0.0.1' */
  host?: string;
  /**
   * The API key that callers must use.
   * @default any key is accepted
   */
  apiKey?: string;
  /**
   * The API secret that callers must use.
   * @default any secret is accepted
   */
  apiSecret?: string;
  /**
   * The limit per API key, over all operations; 0 means no limit.
   * @default 30, as Vonage has it
   */
  requestsPerSecond?: number;
  /**
   * Where the webhooks of v2 go. {@link Sandbox.sendWebhooksTo} changes it later.
   * @default nowhere
   */
  webhook?: WebhookTarget;
}

/** A running sandbox. */
export interface Sandbox {
  /** Vonage's `apiHost` and the phone page; has no slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Lists everything "sent", oldest first. @param to only messages to this number, in any spelling */
  ledger(to?: string): LedgerEntry[];
  /** Whether the right code of this request was checked. */
  isVerified(providerRequestId: string): boolean;
  /** Counts the calls, whatever was answered. */
  calls(): CallCounts;
  /**
   * Changes where the webhooks of v2 go; null stops them and drops what is pending.
   * @throws Error if the target is not valid
   */
  sendWebhooksTo(target: WebhookTarget | null): void;
  /** The last 1000 notifications, oldest first, and the results of their delivery. */
  webhooks(): WebhookDelivery[];
  /** Forgets messages, requests, faults, counts, skipped time and notifications. Webhooks keep their target. */
  reset(): void;
  /** Closes all connections. It may be called twice. */
  close(): Promise<void>;
}

/**
 * Starts a stateful imitation of Vonage Verify v1 and v2 that sends nothing.
 * @throws Error if the port is in use
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { host = '127.0.0.1', requestsPerSecond = 30 } = options;
  const stopping = new AbortController();
  const clock = new SandboxClock();
  const ledger = new Ledger();
  const requests = new RequestBook(clock, ledger);
  const faults = new Faults();
  const calls = new Calls(requests, faults, stopping.signal);
  const throttle = new Throttle(requestsPerSecond, clock);
  const phone = new PhonePage(ledger, requests);
  const webhooks = new Webhooks(requests, clock);
  if (options.webhook) webhooks.sendTo(options.webhook);

  const reset = () => {
    requests.clear();
    for (const part of [ledger, faults, phone, webhooks]) part.clear();
    for (const part of [calls, throttle, clock]) part.reset();
  };

  const provider = { clock, requests, calls, throttle, credentials: options };
  const app = createExpress([
    v1Routes(provider),
    v2Routes(provider),
    controlRoutes({ clock, ledger, requests, faults, calls, webhooks, reset }),
    phone.routes(),
  ]);
  const server = await listen(app, options.port, host);
  const { port } = server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    ledger: (to) => {
      requests.settleAll();
      return ledger.list(to);
    },
    isVerified: (id) => APIS.some((api) => requests.find(api, id)?.status === 'success'),
    calls: () => calls.list(),
    sendWebhooksTo: (target) => webhooks.sendTo(target),
    webhooks: () => webhooks.list(),
    reset,
    close: () => {
      stopping.abort();
      phone.close();
      webhooks.sendTo(null);
      closed ??= closeServer(server);
      return closed;
    },
  };
}
