import {
  type Channel,
  COOLDOWN,
  end,
  isBusy,
  isLive,
  isWaiting,
  LEASE,
  MAX_ATTEMPTS,
  type NumberState,
  publicStatus,
  type RequestState,
  type State,
  type Status,
  type TypedCode,
  TTL,
} from './state.js';

const ASK_AGAIN = 5;

/** How checks and messages end, and what is answered when nothing was done. */
export class Ends {
  constructor(
    protected readonly state: State,
    protected readonly now: number,
  ) {}

  protected guardOf(request: RequestState): NumberState {
    return this.state.numbers[request.number]!;
  }

  protected endAs(request: RequestState, status: Status, reason: string | null = null): void {
    end(this.state, request, status, reason);
  }

  /** @param about the code that is checked; null for a further message */
  protected claim(request: RequestState, about: TypedCode | null): void {
    if (request.claimed) this.doubtClaimed(request);
    request.claimAbout = about;
    request.claimed = true;
    request.claimedUntil = this.now + LEASE;
  }

  /** Nobody knows whether the code of the check under way was right. */
  protected doubtClaimed(request: RequestState): void {
    const { claimAbout, doubtAbout } = request;
    if (claimAbout === null) return;
    request.doubtAbout = doubtAbout === null || doubtAbout === claimAbout ? claimAbout : 'nobody';
  }

  /** A check is judged, or nobody will hear how it was. */
  protected finish(
    request: RequestState,
    {
      to = 'PENDING',
      reason = null,
      inDoubt = false,
      keepsDoubt = inDoubt,
    }: { to?: Status; reason?: string | null; inDoubt?: boolean; keepsDoubt?: boolean },
  ): void {
    const guard = this.guardOf(request);
    if (to === 'VERIFIED') {
      guard.wrong = 0;
      guard.waitUntil = null;
    }
    request.claimed = false;
    request.claimedUntil = null;
    request.inDoubt = inDoubt;
    request.claimAbout = null;
    if (!keepsDoubt) request.doubtAbout = null;
    if (to === 'PENDING') return;
    request.sendLeaseUntil = null;
    this.endAs(request, to, reason);
  }

  /** v1 has told what became of a lost check. */
  protected settle(
    request: RequestState,
    word: 'pending' | 'success' | 'failed' | 'cancelled' | 'expired' | null,
  ): void {
    const isSpent = request.attempts >= MAX_ATTEMPTS;
    const exhausted = { to: 'FAILED', reason: 'attempts-exhausted' } as const;
    const ended = { to: 'FAILED', reason: 'provider-ended' } as const;
    if (word === null) {
      request.claimed = false;
      request.claimedUntil = this.now + ASK_AGAIN;
    } else if (word === 'success') this.finish(request, { to: 'VERIFIED', keepsDoubt: true });
    else if (word === 'pending') this.finish(request, isSpent ? exhausted : {});
    else if (word === 'failed') this.finish(request, isSpent ? exhausted : ended);
    else if (word === 'expired') this.finish(request, { to: 'EXPIRED' });
    else this.finish(request, ended);
  }

  protected cancelled(request: RequestState): void {
    this.letGo(request);
    this.endAs(request, 'CANCELLED', 'cancelled-by-caller');
  }

  /** It is over: no lease and no doubt is left. */
  private letGo(request: RequestState): void {
    request.claimed = false;
    request.claimedUntil = null;
    request.inDoubt = false;
  }

  /** A further message is out, or was found to be. */
  protected resent(request: RequestState, providerId: string): void {
    request.providerId = providerId;
    request.sendLeaseUntil = null;
    request.claimed = false;
    request.claimedUntil = null;
    request.inDoubt = false;
    request.claimAbout = null;
    request.doubtAbout = null;
    request.expiresAt = this.now + TTL;
    request.resendAt = this.now + COOLDOWN;
    this.guardOf(request).liveUntil = request.expiresAt;
  }

  /** No further message, or nobody knows. */
  protected abandon(request: RequestState, unknown: boolean, wait: number, channel: Channel): void {
    if (!unknown) {
      request.sends -= 1;
      request.channel = channel;
    }
    request.sendLeaseUntil = unknown ? this.now : null;
    request.claimed = false;
    request.claimedUntil = null;
    request.resendAt = this.now + wait;
  }

  /** @returns whether there was something to write down */
  protected sweep(request: RequestState): boolean {
    if (!isLive(request) || request.expiresAt > this.now || isBusy(request, this.now)) return false;
    const wasSending = request.status === 'SENDING';
    request.status = wasSending ? 'FAILED' : 'EXPIRED';
    request.reason = wasSending ? 'send-lost' : null;
    request.sendLeaseUntil = null;
    this.letGo(request);
    return true;
  }

  protected refuse(request: RequestState): string {
    const isPending = publicStatus(request, this.now) === 'PENDING';
    const isChecking = isBusy(request, this.now) && request.sendLeaseUntil === null;
    const mustWait = isWaiting(this.guardOf(request), this.now) && !isChecking;
    return isPending && mustWait ? '429 rate-limited' : this.refusal(request);
  }

  protected refusal(request: RequestState): string {
    switch (publicStatus(request, this.now)) {
      case 'VERIFIED':
        return '409 already-verified';
      case 'CANCELLED':
        return '410 cancelled';
      case 'EXPIRED':
        return '410 expired';
      case 'FAILED':
        return request.reason === 'attempts-exhausted' ? '410 attempts-exhausted' : '410 expired';
      case 'PENDING':
        if (request.sendLeaseUntil !== null) return '409 not-ready';
        if (isBusy(request, this.now) || request.inDoubt || request.claimed) return '409 check-in-progress';
        return request.attempts >= MAX_ATTEMPTS ? '410 attempts-exhausted' : '409 check-in-progress';
    }
  }
}
