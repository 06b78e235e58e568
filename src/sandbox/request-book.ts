import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { SandboxClock } from './clock.js';
import type { Ledger, LedgerEntry } from './ledger.js';
import { magicNumber } from './magic-numbers.js';
import { euros, messageText, price, randomCode } from './messages.js';
import {
  type CancelResult,
  type CheckResult,
  END_OUTCOMES,
  type NextResult,
  type Plan,
  type ProviderRequest,
  type RequestStatus,
  type StepEvent,
  type StepOutcome,
} from './verification-request.js';
import type { Api } from './words.js';

const MAX_WRONG_CHECKS = 3;
const CANCEL_NOT_BEFORE_MS = 30_000;
const KEEP_ENDED_MS = 3_600_000;
const SWEEP_EVERY_MS = 60_000;
/** Silent authentication takes this long whatever the time-out says. */
const SILENT_AUTH_SECONDS = 60;

interface BookEvents {
  started: [ProviderRequest];
  /** Something was sent. */
  message: [LedgerEntry];
  /** Before `ended`; not for the step in which a request is cancelled. */
  stepEnded: [ProviderRequest, StepEvent];
  ended: [ProviderRequest];
}

/**
 * Every verification request and its state. Time has no timers here: what is due (a step, an expiry) happens when
 * somebody looks, dated back to when it was due.
 */
export class RequestBook extends EventEmitter<BookEvents> {
  private readonly requests = new Map<string, ProviderRequest>();
  /** In progress, by API and destination: the lock against concurrent verifications. */
  private readonly live = new Map<string, ProviderRequest>();
  /** Oldest end first. */
  private ended: ProviderRequest[] = [];
  private sweptAt = 0;

  constructor(
    private readonly clock: SandboxClock,
    private readonly ledger: Ledger,
  ) {
    super();
  }

  /** The request in flight for this number, if there is one. v1 and v2 do not know of each other [inferred]. */
  inFlight(api: Api, to: string): ProviderRequest | undefined {
    const request = this.live.get(lockOf(api, to));
    if (request) this.settle(request);
    return request?.status === 'in-progress' ? request : undefined;
  }

  find(api: Api, id: string): ProviderRequest | undefined {
    const request = this.requests.get(id);
    if (request?.plan.api !== api) return undefined;
    this.settle(request);
    return request;
  }

  /** @param blocked v2 takes a blocked number like any other, then sends nothing. Call {@link inFlight} first. */
  start(plan: Plan, blocked = false): ProviderRequest {
    const now = this.clock.now();
    if (now - this.sweptAt > SWEEP_EVERY_MS) this.sweep();
    const to = plan.steps[0]!.to;
    const request: ProviderRequest = {
      id: plan.api === 'v1' ? randomBytes(16).toString('hex') : randomUUID(),
      plan,
      to,
      magic: magicNumber(to),
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
    this.live.set(lockOf(plan.api, to), request);
    this.emit('started', request);
    if (blocked) {
      this.recordStep(request, now, 0);
      this.end(request, 'blocked', now);
    } else this.sendNextStep(request, now, true);
    return request;
  }

  check(request: ProviderRequest | undefined, code: string): CheckResult {
    if (request?.status !== 'in-progress') return 'gone';
    const { magic } = request;
    if (magic?.check === 'throttled' || magic?.check === 'internal-error') return magic.check;
    const now = this.clock.now();
    if (magic?.check === 'gone') {
      this.end(request, 'expired', now);
      return 'gone';
    }
    if (request.code === null || (magic?.check === 'no-code' && request.plan.api === 'v2')) return 'no-code';
    const valid = code === request.code && magic?.check !== 'mismatched' && magic?.check !== 'exhausted';
    request.checks.push({ at: now, code, valid });
    if (valid) {
      this.end(request, 'success', now);
      return 'matched';
    }
    request.wrongChecks++;
    if (request.wrongChecks < MAX_WRONG_CHECKS && magic?.check !== 'exhausted') return 'mismatched';
    this.end(request, 'failed', now);
    return 'exhausted';
  }

  cancel(request: ProviderRequest | undefined): CancelResult {
    if (request?.status !== 'in-progress') return 'gone';
    if (request.magic?.cancel) return request.magic.cancel;
    if (request.events.length >= 2) return 'too-late';
    const now = this.clock.now();
    if (now < request.startedAt + CANCEL_NOT_BEFORE_MS) return 'too-early';
    this.end(request, 'cancelled', now);
    return 'cancelled';
  }

  next(request: ProviderRequest | undefined): NextResult {
    if (request?.status !== 'in-progress') return 'gone';
    if (request.magic?.next) return request.magic.next;
    if (isLastStep(request)) return 'no-more';
    this.sendNextStep(request, this.clock.now(), true);
    return 'sent';
  }

  /** Whether a request of this product is in progress, as far as anybody looked. */
  hasLive(api: Api): boolean {
    return [...this.live.values()].some(({ plan }) => plan.api === api);
  }

  /** Lets everything happen that is due. */
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
      const last = isLastStep(request);
      const dueAt = last ? request.codeEndsAt : request.stepStartedAt + stepSeconds(request) * 1000;
      if (now < dueAt) return;
      if (last) this.end(request, 'expired', dueAt);
      else this.sendNextStep(request, dueAt, false);
    }
  }

  /** A new code gives three fresh attempts; a repeated one keeps count. */
  private sendNextStep(request: ProviderRequest, at: number, asked: boolean): void {
    const { plan, magic } = request;
    // A step left early has expired too [inferred]: nothing else in Vonage's list of outcomes fits.
    this.endStep(request, 'expired', at);
    const step = plan.steps[request.stepIndex + 1]!;
    request.stepStartedAt = at;
    const freshCode =
      request.code === null || (plan.api === 'v2' ? !step.reuseCode : asked || at >= request.codeEndsAt);
    if (step.channel === 'silent_auth') request.code = null;
    else if (freshCode) {
      request.code = plan.code ?? magic?.code?.slice(0, plan.codeLength) ?? randomCode(plan.codeLength);
      request.wrongChecks = 0;
    }
    if (freshCode || plan.api === 'v2') {
      request.codeEndsAt =
        at + (step.channel === 'silent_auth' ? SILENT_AUTH_SECONDS : plan.codeSeconds) * 1000;
    }
    const cost = price(step.channel);
    this.recordStep(request, at, cost);
    if (request.code === null) return;
    const entry: LedgerEntry = {
      providerRequestId: request.id,
      api: plan.api,
      to: step.to,
      channel: step.channel,
      text: messageText(step.channel, plan.brand, request.code, Math.round((request.codeEndsAt - at) / 1000)),
      code: request.code,
      sentAt: new Date(at).toISOString(),
      price: euros(cost, 4),
    };
    this.ledger.add(entry);
    this.emit('message', entry);
  }

  private recordStep(request: ProviderRequest, at: number, cost: number): void {
    const { channel } = request.plan.steps[++request.stepIndex]!;
    const id = `0A00000${randomBytes(5).toString('hex').slice(1).toUpperCase()}`;
    request.events.push({ id, channel, at, price: cost });
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
    const lock = lockOf(request.plan.api, request.to);
    if (this.live.get(lock) === request) this.live.delete(lock);
    this.ended.push(request);
    this.endStep(request, END_OUTCOMES[status], at);
    this.emit('ended', request);
  }

  /** Forgets what ended an hour ago. */
  private sweep(): void {
    this.sweptAt = this.clock.now();
    this.settleAll();
    const forgetBefore = this.sweptAt - KEEP_ENDED_MS;
    this.ended = this.ended.filter((request) => {
      const keep = (request.endedAt ?? 0) >= forgetBefore;
      if (!keep) this.requests.delete(request.id);
      return keep;
    });
  }
}

const lockOf = (api: Api, to: string) => `${api} ${to}`;
const isLastStep = ({ stepIndex, plan }: ProviderRequest) => stepIndex === plan.steps.length - 1;
const stepSeconds = ({ stepIndex, plan }: ProviderRequest) =>
  plan.steps[stepIndex]?.channel === 'silent_auth' ? SILENT_AUTH_SECONDS : plan.stepSeconds;
