import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { SandboxClock } from './clock.js';
import { type Ledger, type LedgerEntry, messageOf, PRICES } from './ledger.js';
import { magicNumber } from './magic-numbers.js';
import {
  type Api,
  type CancelResult,
  type CheckResult,
  type NextResult,
  OUTCOME_OF_LAST_STEP,
  type Plan,
  type ProviderRequest,
  type RequestStatus,
  type Step,
  type StepEvent,
  type StepOutcome,
} from './verification-request.js';

const MAX_WRONG_CHECKS = 3;
const CANCEL_NOT_BEFORE_MS = 30_000;
const KEEP_ENDED_MS = 3_600_000;
const SWEEP_EVERY_MS = 60_000;
/** Silent authentication takes this long, whatever the time-out is. */
const SILENT_AUTH_SECONDS = 60;

interface BookEvents {
  started: [ProviderRequest];
  message: [LedgerEntry];
  /** Emitted before `ended`, but not for the step in which a request is cancelled. */
  stepEnded: [ProviderRequest, StepEvent];
  ended: [ProviderRequest];
}

/**
 * Every verification request and its state. There are no timers: a step or an expiry that is due happens when somebody
 * looks at the request, and is dated back to when it was due.
 */
export class RequestBook extends EventEmitter<BookEvents> {
  private readonly requests = new Map<string, ProviderRequest>();
  /** The requests in progress, by API and destination: only one at a time. */
  private readonly live = new Map<string, ProviderRequest>();
  /** The requests that ended, oldest end first. */
  private ended: ProviderRequest[] = [];
  private sweptAt = 0;

  constructor(
    private readonly clock: SandboxClock,
    private readonly ledger: Ledger,
  ) {
    super();
  }

  /** The request in progress for this destination. v1 and v2 do not see each other's requests [inferred]. */
  inFlight(api: Api, to: string): ProviderRequest | undefined {
    const request = this.live.get(liveKey(api, to));
    if (request) this.settle(request);
    return request?.status === 'in-progress' ? request : undefined;
  }

  find(api: Api, id: string): ProviderRequest | undefined {
    const request = this.requests.get(id);
    if (request?.plan.api !== api) return undefined;
    this.settle(request);
    return request;
  }

  /**
   * Starts a request and sends its first message. Call {@link inFlight} first.
   * @param blocked v2 accepts a blocked number like any other, then sends nothing
   */
  start(plan: Plan, blocked = false): ProviderRequest {
    const now = this.clock.now();
    if (now - this.sweptAt > SWEEP_EVERY_MS) this.sweep();
    const { to } = plan.steps[0]!;
    const request: ProviderRequest = {
      id: plan.api === 'v1' ? randomBytes(16).toString('hex') : randomUUID(),
      plan,
      to,
      startedAt: now,
      status: 'in-progress',
      endedAt: null,
      stepIndex: -1,
      stepStartedAt: now,
      code: null,
      codeEndsAt: now,
      wrongChecks: 0,
      checks: [],
      events: [],
    };
    this.requests.set(request.id, request);
    this.live.set(liveKey(plan.api, to), request);
    this.emit('started', request);
    if (blocked) {
      this.recordStep(request, now, 0);
      this.end(request, 'blocked', now);
    } else {
      this.startNextStep(request, now, true);
    }
    return request;
  }

  check(api: Api, id: string, code: string): CheckResult {
    const request = this.find(api, id);
    if (request?.status !== 'in-progress') return 'gone';
    const now = this.clock.now();
    const magic = magicNumber(request.to)?.check;
    if (magic === 'throttled' || magic === 'internal-error') return magic;
    if (magic === 'gone') {
      this.end(request, 'expired', now);
      return 'gone';
    }
    if (request.code === null || (magic === 'no-code' && api === 'v2')) return 'no-code';
    const valid = code === request.code && magic !== 'mismatched' && magic !== 'exhausted';
    request.checks.push({ at: now, code, valid });
    if (valid) {
      this.end(request, 'success', now);
      return 'matched';
    }
    request.wrongChecks++;
    if (request.wrongChecks < MAX_WRONG_CHECKS && magic !== 'exhausted') return 'mismatched';
    this.end(request, 'failed', now);
    return 'exhausted';
  }

  cancel(api: Api, id: string): CancelResult {
    const request = this.find(api, id);
    if (request?.status !== 'in-progress') return 'gone';
    const magic = magicNumber(request.to)?.cancel;
    if (magic) return magic;
    if (request.events.length >= 2) return 'too-late';
    const now = this.clock.now();
    if (now < request.startedAt + CANCEL_NOT_BEFORE_MS) return 'too-early';
    this.end(request, 'cancelled', now);
    return 'cancelled';
  }

  next(api: Api, id: string): NextResult {
    const request = this.find(api, id);
    if (request?.status !== 'in-progress') return 'gone';
    const magic = magicNumber(request.to)?.next;
    if (magic) return magic;
    if (isInLastStep(request)) return 'no-more';
    this.startNextStep(request, this.clock.now(), true);
    return 'sent';
  }

  /** Whether a request of this API was in progress when somebody last looked. */
  hasLive(api: Api): boolean {
    return [...this.live.values()].some(({ plan }) => plan.api === api);
  }

  /** Does everything that is due. */
  settleAll(): void {
    for (const request of this.live.values()) this.settle(request);
  }

  clear(): void {
    this.requests.clear();
    this.live.clear();
    this.ended = [];
    this.sweptAt = 0;
  }

  private settle(request: ProviderRequest): void {
    const now = this.clock.now();
    while (request.status === 'in-progress') {
      const { plan, stepIndex, stepStartedAt, codeEndsAt } = request;
      const isLast = isInLastStep(request);
      const stepSeconds = isSilent(plan.steps[stepIndex]!) ? SILENT_AUTH_SECONDS : plan.stepSeconds;
      const dueAt = isLast ? codeEndsAt : stepStartedAt + stepSeconds * 1000;
      if (now < dueAt) return;
      if (isLast) this.end(request, 'expired', dueAt);
      else this.startNextStep(request, dueAt, false);
    }
  }

  /** @param requested whether the caller asked for this step, which on v1 means a new code */
  private startNextStep(request: ProviderRequest, at: number, requested: boolean): void {
    const { plan } = request;
    // A step that is left early counts as expired too [inferred]: no other outcome of Vonage's list fits.
    this.endStep(request, 'expired', at);
    const step = plan.steps[request.stepIndex + 1]!;
    request.stepStartedAt = at;
    const needsCode =
      request.code === null || (plan.api === 'v2' ? !step.reuseCode : requested || at >= request.codeEndsAt);
    if (isSilent(step)) {
      request.code = null;
    } else if (needsCode) {
      request.code = newCode(request);
      // A new code may be tried three times; a repeated one keeps its count.
      request.wrongChecks = 0;
    }
    if (needsCode || plan.api === 'v2') {
      request.codeEndsAt = at + (isSilent(step) ? SILENT_AUTH_SECONDS : plan.codeSeconds) * 1000;
    }
    this.recordStep(request, at, PRICES[step.channel]);
    if (request.code === null) return;
    const message = messageOf(request, request.code, at);
    this.ledger.add(message);
    this.emit('message', message);
  }

  private recordStep(request: ProviderRequest, at: number, price: number): void {
    const { channel } = request.plan.steps[++request.stepIndex]!;
    const id = `0A00000${randomBytes(5).toString('hex').slice(1).toUpperCase()}`;
    request.events.push({ id, channel, at, price });
  }

  private endStep(request: ProviderRequest, outcome: StepOutcome | undefined, at: number): void {
    const step = request.events.at(-1);
    if (!step || !outcome) return;
    step.outcome = outcome;
    step.endedAt = at;
    this.emit('stepEnded', request, step);
  }

  private end(request: ProviderRequest, status: RequestStatus, at: number): void {
    request.status = status;
    request.endedAt = at;
    const key = liveKey(request.plan.api, request.to);
    if (this.live.get(key) === request) this.live.delete(key);
    this.ended.push(request);
    this.endStep(request, OUTCOME_OF_LAST_STEP[status], at);
    this.emit('ended', request);
  }

  /** Forgets requests that ended more than an hour ago. */
  private sweep(): void {
    this.sweptAt = this.clock.now();
    this.settleAll();
    const isKept = ({ endedAt }: ProviderRequest) => endedAt! >= this.sweptAt - KEEP_ENDED_MS;
    for (const request of this.ended) if (!isKept(request)) this.requests.delete(request.id);
    this.ended = this.ended.filter(isKept);
  }
}

const liveKey = (api: Api, to: string) => `${api} ${to}`;
const isInLastStep = ({ stepIndex, plan }: ProviderRequest) => stepIndex === plan.steps.length - 1;
const isSilent = ({ channel }: Step) => channel === 'silent_auth';

function newCode({ plan: { code, codeLength }, to }: ProviderRequest): string {
  return (
    code ??
    magicNumber(to)?.code?.slice(0, codeLength) ??
    randomInt(10 ** codeLength)
      .toString()
      .padStart(codeLength, '0')
  );
}
