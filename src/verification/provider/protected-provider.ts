import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhenResult,
} from 'cockatiel';
import { Logger } from '@nestjs/common';
import { describeFailure, report, traced } from '../../diagnostics/index.js';
import type { Fault } from './outcomes.js';
import type { Channel } from '../domain/phone-number.js';
import { type StartRequest, VerificationProvider } from './verification-provider.js';
import type { ProviderPacer } from './provider-pacer.js';

/** A provider that is away is tried again after about this, and less and less often; the jitter spreads the instances. */
const FIRST_PROBE_MS = 1000;
const LAST_PROBE_MS = 5000;
const RETRY_AFTER_SECONDS = 3;
/** However long the provider wants us to wait, it is asked again after this. */
const LONGEST_WAIT_SECONDS = 60;

/** The names of the breaker's states. It is never isolated by hand. */
const STATES: Partial<Record<CircuitState, 'closed' | 'open' | 'half-open'>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
};

const isFault = (answer: unknown): answer is Fault => (answer as Fault).outcome === 'fault';
const isOutage = (answer: unknown) =>
  isFault(answer) && (answer.fault === 'unavailable' || answer.fault === 'unknown-outcome');

const notCalled = (detail: string, retryAfterSeconds: number): Fault => ({
  outcome: 'fault',
  fault: 'unavailable',
  detail,
  retryAfterSeconds,
});

/**
 * What a provider of the application's own answers. If it throws, or returns something else, it may have acted all the
 * same. Its wait may come from a header that it has not read with care.
 */
async function answerOf<Outcome extends { outcome: string }>(
  ask: () => Promise<Outcome | Fault>,
): Promise<Outcome | Fault> {
  const unknown = (detail: string): Fault => ({ outcome: 'fault', fault: 'unknown-outcome', detail });
  try {
    const answer = await ask();
    if (typeof answer?.outcome !== 'string') return unknown('no outcome');
    if (!isFault(answer)) return answer;
    const { retryAfterSeconds: seconds, ...fault } = answer;
    const isWait = seconds !== undefined && seconds > 0;
    return isWait
      ? { ...fault, retryAfterSeconds: Math.ceil(Math.min(seconds, LONGEST_WAIT_SECONDS)) }
      : fault;
  } catch (error) {
    // Never its message, which may quote the request.
    return unknown(`threw ${error instanceof Error ? error.name : typeof error}`);
  }
}

export interface ProviderProtection {
  /** Null for no limit. */
  pacer: ProviderPacer | null;
  /** After this many failures in a row the provider is not called for a while. Null: it always is. */
  failuresBeforeBreak: number | null;
  /** Only starts reach somebody else: codes are checked in our own database. */
  onlyStarts?: boolean;
}

/**
 * Any provider, called no faster than its account allows and not at all while it is down: then one call at a time
 * tries, and the others are refused at once. A refusal from here means that the provider was not asked.
 */
export class ProtectedProvider extends VerificationProvider {
  readonly name: string;
  override readonly locales: readonly string[];
  override readonly channels: readonly Channel[];
  override readonly holdsSeconds: number;
  private readonly logger = new Logger('ProtectedProvider');
  private readonly breaker: CircuitBreakerPolicy | null;
  private quietUntilMs = 0;
  override lookup?: VerificationProvider['lookup'];

  constructor(
    private readonly provider: VerificationProvider,
    private readonly protection: ProviderProtection,
  ) {
    super();
    this.name = provider.name;
    this.locales = provider.locales;
    this.channels = provider.channels;
    this.holdsSeconds = provider.holdsSeconds;
    const { failuresBeforeBreak } = protection;
    this.breaker =
      failuresBeforeBreak === null
        ? null
        : circuitBreaker(handleWhenResult(isOutage), {
            halfOpenAfter: new ExponentialBackoff({ initialDelay: FIRST_PROBE_MS, maxDelay: LAST_PROBE_MS }),
            breaker: new ConsecutiveBreaker(failuresBeforeBreak),
          });
    if (provider.lookup) this.lookup = (id) => this.callAbout('lookup', () => provider.lookup!(id));
    this.breaker?.onStateChange((state) => this.tellState(state));
  }

  start(request: StartRequest) {
    return this.call('start', () => this.provider.start(request));
  }

  check(providerRequestId: string, code: string) {
    return this.callAbout('check', () => this.provider.check(providerRequestId, code));
  }

  cancel(providerRequestId: string) {
    return this.callAbout('cancel', () => this.provider.cancel(providerRequestId));
  }

  next(providerRequestId: string) {
    return this.callAbout('next', () => this.provider.next(providerRequestId));
  }

  async onApplicationShutdown(): Promise<void> {
    await (this.provider as { onApplicationShutdown?(): Promise<void> }).onApplicationShutdown?.();
  }

  /** A call about a message that is out. */
  private callAbout<Outcome extends { outcome: string }>(
    operation: string,
    ask: () => Promise<Outcome | Fault>,
  ): Promise<Outcome | Fault> {
    return this.protection.onlyStarts ? ask() : this.call(operation, ask);
  }

  private async call<Outcome extends { outcome: string }>(
    operation: string,
    askProvider: () => Promise<Outcome | Fault>,
  ): Promise<Outcome | Fault> {
    const ask = () => this.measured(operation, askProvider);
    const quietMs = this.quietUntilMs - performance.now();
    if (quietMs > 0) {
      return { ...notCalled('asked to wait', Math.ceil(quietMs / 1000)), fault: 'throttled' };
    }
    // Nobody waits for the one call that tries whether it is back.
    if (this.breaker?.state === CircuitState.HalfOpen) return notCalled('circuit open', RETRY_AFTER_SECONDS);
    try {
      const answer = this.breaker
        ? await this.breaker.execute(() => this.askInTurn(ask))
        : await this.askInTurn(ask);
      if (isFault(answer) && answer.fault === 'throttled') await this.obey(answer);
      return answer;
    } catch (error) {
      if (error instanceof BrokenCircuitError) return notCalled('circuit open', RETRY_AFTER_SECONDS);
      // Our database did not answer, so it is unknown whether the account's limit allows this call.
      this.logger.warn(describeFailure(error), 'the pace is unknown, so the provider was not called');
      return notCalled('no pace', 1);
    }
  }

  private async measured<Outcome extends { outcome: string }>(
    operation: string,
    ask: () => Promise<Outcome | Fault>,
  ): Promise<Outcome | Fault> {
    const startedAt = performance.now();
    const answer = await traced(
      `provider ${operation}`,
      'client',
      { 'otp.provider': this.name },
      () => answerOf(ask),
      (ended) => ({ 'otp.outcome': ended.outcome, ...(isFault(ended) ? { 'error.type': ended.fault } : {}) }),
    );
    report({
      type: 'provider-call',
      provider: this.name,
      operation,
      outcome: answer.outcome,
      fault: isFault(answer) ? answer.fault : null,
      seconds: (performance.now() - startedAt) / 1000,
    });
    return answer;
  }

  private tellState(state: CircuitState): void {
    const name = STATES[state];
    if (!name) return;
    report({ type: 'breaker', provider: this.name, state: name });
    const line = { provider: this.name };
    if (name === 'open') this.logger.warn(line, 'the provider fails, it is left alone for a while');
    if (name === 'closed') this.logger.log(line, 'the provider works again');
  }

  private async askInTurn<Outcome>(ask: () => Promise<Outcome>): Promise<Outcome | Fault> {
    const { pacer } = this.protection;
    if (!pacer) return ask();
    const startedAt = performance.now();
    const ended = await pacer.admit();
    report({ type: 'pace', isAdmitted: ended !== null, seconds: (performance.now() - startedAt) / 1000 });
    if (!ended) return { outcome: 'fault', fault: 'throttled', detail: 'own pace', retryAfterSeconds: 2 };
    try {
      return await ask();
    } finally {
      ended();
    }
  }

  /** `Retry-After` of the provider is for everybody. */
  private async obey({ detail, retryAfterSeconds }: Fault): Promise<void> {
    if (detail === 'own pace') return;
    const seconds = retryAfterSeconds ?? 1;
    this.quietUntilMs = performance.now() + seconds * 1000;
    await this.protection.pacer?.pause(seconds).catch(() => undefined);
  }
}
