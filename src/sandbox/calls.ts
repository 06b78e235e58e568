import { setTimeout as delay } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { type Answer, sendAnswer, sendBrokenAnswer } from './answer.js';
import type { SandboxClock } from './clock.js';
import { type BrokenAnswer, delayMs, type Faults, isAfterEffect } from './faults.js';
import { magicNumber } from './magic-numbers.js';
import type { RequestBook } from './request-book.js';
import type { Api, Operation } from './verification-request.js';

/** One call to Vonage's API. */
export interface ProviderCall {
  api: Api;
  operation: Operation;
  /** Where a start sends its first message. */
  to?: string;
  /** The request that any other operation names. */
  providerRequestId?: string;
}

/** How often each operation was called. Refused, throttled and broken calls count too. */
export type CallCounts = Record<Operation, number> & {
  /** Number of checks by `providerRequestId`. */
  checksByRequest: Record<string, number>;
};

const MAX_COUNTED_REQUESTS = 100_000;

/** Every call goes through here: it is counted, then answered, unless a fault or a magic number breaks the answer. */
export class Calls {
  private counts: Record<Operation, number> = { start: 0, check: 0, cancel: 0, next: 0, search: 0 };
  private readonly checks = new Map<string, number>();

  constructor(
    private readonly requests: RequestBook,
    private readonly faults: Faults,
    /** Aborted when the sandbox stops, which ends delayed answers. */
    private readonly stopping: AbortSignal,
  ) {}

  /** @param act performs the operation; called once, or never if the answer breaks before the effect */
  async answer(response: Response, call: ProviderCall, act: () => Answer): Promise<void> {
    this.count(call);
    const broken = this.brokenAnswer(call);
    if (!broken) return sendAnswer(response, act());
    try {
      const answer = isAfterEffect(broken) ? act() : undefined;
      await delay(delayMs(broken), undefined, { signal: this.stopping });
      if (broken.kind === 'latency') sendAnswer(response, answer ?? act());
      else sendBrokenAnswer(response, broken, answer);
    } catch (error) {
      if (!this.stopping.aborted) throw error;
      response.socket?.destroy();
    }
  }

  list(): CallCounts {
    return { ...this.counts, checksByRequest: Object.fromEntries(this.checks) };
  }

  reset(): void {
    this.counts = { start: 0, check: 0, cancel: 0, next: 0, search: 0 };
    this.checks.clear();
  }

  private count({ operation, providerRequestId }: ProviderCall): void {
    this.counts[operation]++;
    if (operation !== 'check' || !providerRequestId) return;
    const [oldest] = this.checks.keys();
    if (this.checks.size >= MAX_COUNTED_REQUESTS && oldest !== undefined) this.checks.delete(oldest);
    this.checks.set(providerRequestId, (this.checks.get(providerRequestId) ?? 0) + 1);
  }

  private brokenAnswer({ api, operation, to, providerRequestId }: ProviderCall): BrokenAnswer | undefined {
    const number = to ?? (providerRequestId ? this.requests.find(api, providerRequestId)?.to : undefined);
    const fault = this.faults.take(api, operation, number);
    if (fault || number === undefined) return fault;
    const broken = magicNumber(number)?.broken;
    if (broken?.operation !== operation) return undefined;
    // The answer to a second start is not broken, because it tells the id that the first answer lost.
    return operation === 'start' && this.requests.inFlight(api, number) ? undefined : broken.answer;
  }
}

const WINDOW_MS = 1000;

/** Limits the calls of each API key in any one second, over all operations. Refused calls do not count. */
export class Throttle {
  private readonly acceptedAt = new Map<string, number[]>();

  /** @param requestsPerSecond 0 means no limit */
  constructor(
    private readonly requestsPerSecond: number,
    private readonly clock: SandboxClock,
  ) {}

  /** @returns false if the key has used up its limit */
  accept(apiKey: string): boolean {
    if (this.requestsPerSecond === 0) return true;
    const now = this.clock.now();
    const recent = (this.acceptedAt.get(apiKey) ?? []).filter((at) => at > now - WINDOW_MS);
    this.acceptedAt.set(apiKey, recent);
    if (recent.length >= this.requestsPerSecond) return false;
    recent.push(now);
    return true;
  }

  reset(): void {
    this.acceptedAt.clear();
  }
}

/** The credentials of a call. Both are empty if none were sent, or with an application's token. */
export interface Credentials {
  apiKey: string;
  apiSecret: string;
  /** Whether an application's JWT was sent (v2 only). Any token is accepted. */
  hasToken: boolean;
}

/** Reads the Authorization header. v1 also accepts the credentials as parameters. */
export function readCredentials(request: Request, parameters: Record<string, unknown> = {}): Credentials {
  const [scheme = '', value = ''] = (request.get('authorization') ?? '').split(/ +/, 2);
  if (/^bearer$/i.test(scheme) && value) return { apiKey: '', apiSecret: '', hasToken: true };
  if (/^basic$/i.test(scheme)) {
    const decoded = Buffer.from(value, 'base64').toString('utf8');
    const [, apiKey = '', apiSecret = ''] = /^([^:]*):(.*)$/s.exec(decoded) ?? [];
    return { apiKey, apiSecret, hasToken: false };
  }
  const { api_key: apiKey, api_secret: apiSecret } = parameters;
  return {
    apiKey: typeof apiKey === 'string' ? apiKey : '',
    apiSecret: typeof apiSecret === 'string' ? apiSecret : '',
    hasToken: false,
  };
}

/** @param expected any key and any secret match if it has none */
export function areAccepted(
  { apiKey, apiSecret, hasToken }: Credentials,
  expected: { apiKey?: string; apiSecret?: string },
): boolean {
  return (
    hasToken || (apiKey === (expected.apiKey ?? apiKey) && apiSecret === (expected.apiSecret ?? apiSecret))
  );
}
