import { NEW_ID, ProviderModel } from './provider-model.js';
import { Ends } from './rules-ends.js';
import {
  type Channel,
  COOLDOWN,
  countWrong,
  isBusy,
  isLive,
  isWaiting,
  LEASE,
  MAX_ATTEMPTS,
  MAX_SENDS,
  publicStatus,
  type RequestState,
  type State,
  TTL,
  typedCode,
} from './state.js';

/** `<status> <code>`, or `200 <the request's status>`. */
export type Expected = string;

const ADOPTABLE_SECONDS = 3600;
const TRY_AGAIN = 2;
const PROVIDER_BUSY = 5;
export const UNKNOWN = '404 unknown-request';
const UNAVAILABLE = '503 provider-unavailable';
const OK = '200 PENDING';

/** Where an instance dies: before or after the provider has done what it was asked. */
export interface Death {
  at: 'start' | 'check' | 'cancel';
  afterEffect: boolean;
}

/**
 * What the application has to answer and to remember, at one moment: each method changes the state and tells the answer.
 * Written from the description of the life of a request, not from the statements.
 */
export class Rules extends Ends {
  private readonly provider: ProviderModel;

  constructor(
    state: State,
    now: number,
    private readonly death: Death | null = null,
  ) {
    super(state, now);
    this.provider = new ProviderModel(state, now);
  }

  start(number: number, caller: number): Expected {
    const { state, now } = this;
    const guard = state.numbers[number]!;
    const live = guard.live === null || guard.liveUntil <= now ? null : state.requests[guard.live]!;
    if (live) return this.rejoin(live, caller);
    if (isWaiting(guard, now)) return '429 rate-limited';
    const request: RequestState = {
      id: null,
      number,
      owner: caller,
      status: 'SENDING',
      reason: null,
      attempts: 0,
      sends: 1,
      channel: 'sms',
      providerId: null,
      sendLeaseUntil: now + LEASE,
      resendAt: null,
      claimed: false,
      claimedUntil: null,
      inDoubt: false,
      claimAbout: null,
      doubtAbout: null,
      createdAt: now,
      expiresAt: now + TTL,
    };
    guard.live = state.requests.push(request) - 1;
    guard.liveUntil = request.expiresAt;
    return this.send(request, false);
  }

  check(request: RequestState, caller: number, right: boolean): Expected {
    if (request.owner !== caller) return UNKNOWN;
    // v1 can tell what became of a lost check, and is asked that before another code goes to it.
    const owed = this.state.api === 'v1' && (request.inDoubt || request.claimed);
    const isOpen = this.isCheckable(request);
    if (isOpen && !owed) return this.judge(request, right);
    const lapsed = request.claimed && !isBusy(request, this.now);
    // Whoever has to wait after wrong codes is told so, and nobody is asked.
    const mayType = !isWaiting(this.guardOf(request), this.now);
    if (owed && mayType && request.sendLeaseUntil === null && (request.inDoubt || lapsed)) {
      this.settleDoubt(request);
      if (this.isCheckable(request) && !request.inDoubt && !request.claimed)
        return this.judge(request, right);
    }
    const { status, doubtAbout, expiresAt } = request;
    if (status === 'VERIFIED' && doubtAbout === typedCode(right) && expiresAt > this.now) {
      request.doubtAbout = null;
      return '200 VERIFIED';
    }
    return this.refuse(request);
  }

  resend(request: RequestState, caller: number, channel: Channel): Expected {
    if (request.owner !== caller) return UNKNOWN;
    const { now } = this;
    const lost = request.sendLeaseUntil !== null;
    const pending = request.status === 'PENDING' && request.expiresAt > now;
    const mayTry = pending && request.attempts < MAX_ATTEMPTS && !isBusy(request, now);
    const isDue = request.resendAt !== null && request.resendAt <= now;
    if (mayTry && isDue && (request.sends < MAX_SENDS || lost) && !isWaiting(this.guardOf(request), now))
      return this.sendAgain(request, channel, lost);

    if (request.status === 'SENDING' && request.sendLeaseUntil! <= now && request.expiresAt > now)
      return this.send(request, true);
    if (isWaiting(this.guardOf(request), now)) return '429 rate-limited';
    if (publicStatus(request, now) === 'PENDING' && request.attempts < MAX_ATTEMPTS) {
      if (request.sends >= MAX_SENDS && !lost) return '429 rate-limited';
      if (request.resendAt !== null && request.resendAt > now) return '429 cooldown';
    }
    return this.refusal(request);
  }

  cancel(request: RequestState, caller: number): Expected {
    if (request.owner !== caller) return UNKNOWN;
    if (!isLive(request) || request.expiresAt <= this.now) return this.refuse(request);
    this.cancelled(request);
    if (request.providerId) this.provider.cancel(request.providerId);
    return '200 CANCELLED';
  }

  look(request: RequestState, caller: number): Expected {
    return request.owner === caller ? `200 ${publicStatus(request, this.now)}` : UNKNOWN;
  }

  /** One round: lost first messages, lost further ones, lost checks, and what time has ended. */
  reconcile(): { recovered: number; unresolved: number; settled: number; swept: number } {
    const report = { recovered: 0, unresolved: 0, settled: 0, swept: 0 };
    const { requests } = this.state;
    const lost = requests
      .filter(
        (request) => isLive(request) && request.sendLeaseUntil !== null && request.sendLeaseUntil <= this.now,
      )
      .filter((request) => request.expiresAt > this.now && !isBusy(request, this.now))
      .sort((a, b) => a.sendLeaseUntil! - b.sendLeaseUntil!);
    for (const request of lost) {
      const answer = request.status === 'SENDING' ? this.send(request, true) : this.startAgain(request, true);
      report[answer === OK ? 'recovered' : 'unresolved'] += 1;
      if (answer === UNAVAILABLE) break;
    }
    for (const request of requests) {
      const isOwed = request.status === 'PENDING' && (request.inDoubt || request.claimed);
      const isFree =
        request.sendLeaseUntil === null && !isBusy(request, this.now) && request.expiresAt > this.now;
      if (this.state.api !== 'v1' || !isOwed || !isFree) continue;
      this.settleDoubt(request);
      if (request.status !== 'PENDING' || !request.inDoubt) report.settled += 1;
    }
    report.swept = requests.filter((request) => this.sweep(request)).length;
    return report;
  }

  private rejoin(live: RequestState, caller: number): Expected {
    if (live.owner !== caller) return '409 phone-busy';
    if (live.status === 'SENDING' && live.sendLeaseUntil! <= this.now) return this.send(live, true);
    const status = publicStatus(live, this.now);
    return status === 'PENDING' ? OK : this.refusal(live);
  }

  private send(request: RequestState, earlierLost: boolean): Expected {
    if (this.death) request.sendLeaseUntil = this.now + LEASE;
    if (this.dies('start')) return this.die(() => this.provider.start(request.number));
    const { effect, lost } = this.provider.start(request.number);
    if (lost || !effect) {
      request.sendLeaseUntil = this.now;
      return UNAVAILABLE;
    }
    if (!effect.isNew && !this.adopts(request, effect.id, earlierLost)) {
      request.sendLeaseUntil = null;
      this.endAs(request, 'FAILED', earlierLost ? 'send-lost' : 'send-rejected');
      return '409 phone-busy';
    }
    request.status = 'PENDING';
    request.providerId = effect.id;
    request.sendLeaseUntil = null;
    request.resendAt = this.now + COOLDOWN;
    return OK;
  }

  /** Attaches to a message in flight if our own requests explain it; what was spent on it stays spent. */
  private adopts(request: RequestState, providerId: string, earlierLost: boolean): boolean {
    const earlier = this.state.requests.filter(
      (other) =>
        other !== request &&
        other.number === request.number &&
        other.createdAt > this.now - ADOPTABLE_SECONDS,
    );
    const same = earlier.filter((other) => other.providerId === providerId);
    if (!earlierLost && same.length === 0 && !earlier.some(({ sendLeaseUntil }) => sendLeaseUntil !== null))
      return false;
    const attempts = Math.max(0, ...same.map((other) => other.attempts));
    const expiresAt = Math.min(Infinity, ...same.map((other) => other.expiresAt));
    if (attempts >= MAX_ATTEMPTS || expiresAt <= this.now) return false;
    request.attempts = Math.max(request.attempts, attempts);
    request.expiresAt = Math.min(request.expiresAt, expiresAt);
    this.guardOf(request).liveUntil = request.expiresAt;
    return true;
  }

  private judge(request: RequestState, right: boolean): Expected {
    request.attempts += 1;
    // Before the provider is asked: a crash must not make a guess free.
    countWrong(this.guardOf(request), this.now);
    request.inDoubt ||= request.claimed;
    this.claim(request, typedCode(right));
    const ask = () => this.provider.check(request.providerId!, right);
    if (this.dies('check')) return this.die(ask);
    const { effect, lost } = ask();
    if (lost || !effect) {
      // v2 without webhooks never tells.
      const isOwed = this.state.api === 'v1';
      if (isOwed) this.doubtClaimed(request);
      this.finish(request, { inDoubt: isOwed });
      return UNAVAILABLE;
    }
    if (effect === 'matched') {
      this.finish(request, { to: 'VERIFIED' });
      return '200 VERIFIED';
    }
    if (effect === 'gone') this.finish(request, { to: 'FAILED', reason: 'provider-ended' });
    else if (effect === 'exhausted' || request.attempts >= MAX_ATTEMPTS)
      this.finish(request, { to: 'FAILED', reason: 'attempts-exhausted' });
    else this.finish(request, {});
    return request.status === 'PENDING'
      ? `422 wrong-code ${MAX_ATTEMPTS - request.attempts}`
      : this.refusal(request);
  }

  private settleDoubt(request: RequestState): void {
    if (request.expiresAt <= this.now || isBusy(request, this.now) || request.status !== 'PENDING') return;
    request.inDoubt ||= request.claimed;
    if (request.claimed) this.doubtClaimed(request);
    request.claimAbout = null;
    this.settle(request, this.provider.lookup(request.providerId!));
  }

  private sendAgain(request: RequestState, channel: Channel, lost: boolean): Expected {
    const before = { channel: request.channel };
    request.sends += lost ? 0 : 1;
    request.channel = channel;
    this.claim(request, null);
    request.sendLeaseUntil = this.now + LEASE;
    const cancel = () => this.provider.cancel(request.providerId!);
    if (this.dies('cancel')) return this.die(cancel);
    const cancelled = cancel();
    if (cancelled.lost) return this.resendUnknown(request);
    if (cancelled.effect === 'too-early') {
      this.abandon(request, lost, PROVIDER_BUSY, before.channel);
      return '429 cooldown';
    }
    return this.startAgain(request, lost);
  }

  private startAgain(request: RequestState, earlierLost: boolean): Expected {
    const start = () => this.provider.start(request.number);
    if (this.dies('start')) return this.die(start);
    const { effect, lost } = start();
    if (lost || !effect) return this.resendUnknown(request);
    const id = effect.isNew ? NEW_ID : effect.id;
    if (id === request.providerId && !earlierLost)
      throw new Error('the provider has ended what is in flight');
    this.resent(request, id);
    return OK;
  }

  private resendUnknown(request: RequestState): Expected {
    this.abandon(request, true, TRY_AGAIN, request.channel);
    return UNAVAILABLE;
  }

  private dies(at: Death['at']): boolean {
    return this.death?.at === at;
  }

  /** The instance is gone: what it had claimed stays as it is. */
  private die(ask: () => unknown): Expected {
    if (this.death!.afterEffect) ask();
    return 'no answer';
  }

  private isCheckable(request: RequestState): boolean {
    const { now } = this;
    return (
      request.status === 'PENDING' &&
      request.expiresAt > now &&
      request.attempts < MAX_ATTEMPTS &&
      request.sendLeaseUntil === null &&
      !isBusy(request, now) &&
      !isWaiting(this.guardOf(request), now)
    );
  }
}
