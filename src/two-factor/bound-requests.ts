import { Injectable } from '@nestjs/common';
import {
  type Caller,
  type Channel,
  failure,
  type StartVerification,
  type VerificationRecord,
  type VerificationResult,
  VerificationService,
} from '../verification/index.js';
import type { SignedInSession } from './assurance/assurance.js';
import { FactorChanges } from './factors/factor-changes.js';

/** Where a call comes from: what limits by address and the history know of it; `originOf(request)`. */
export type Origin = Pick<Caller, 'address' | 'userAgent'>;

/** One request of the session's user, for one purpose. */
export interface OnBoundRequest {
  requestId: string;
  purpose: string;
}

/**
 * Verification requests of a signed-in session. Each is bound to the session that asked for it, to the epoch of its
 * user's factors and, where it shows a factor, to one enrolled phone. Nothing is accepted or sent again once one of them
 * has changed.
 */
@Injectable()
export class BoundRequests {
  constructor(
    private readonly verifications: VerificationService,
    private readonly changes: FactorChanges,
  ) {}

  /**
   * Sends a code, or finds the one that this user has asked for already.
   * @param phoneId the enrolled phone that the code will show; null for a number that is not enrolled yet
   */
  async start(
    session: SignedInSession,
    phoneId: string | null,
    { origin, ...input }: Omit<StartVerification, 'caller' | 'context'> & { origin: Origin },
  ): Promise<VerificationResult> {
    const start = () =>
      this.verifications.start({
        ...input,
        caller: callerOf(session, origin),
        context: { epoch: session.epoch, phoneId },
      });
    const result = await start();
    if (!result.ok || isOfEpoch(result.request, session)) return result;
    // Left over from before a change of factors whose process died: its code is dead.
    await this.verifications.cancelAllOf(session.userId);
    return start();
  }

  /** The request, for any session of its user. */
  find(session: SignedInSession, on: OnBoundRequest): Promise<VerificationResult> {
    return this.verifications.find({ ...on, caller: callerOf(session) });
  }

  /** Checks a typed code. A success counts only if the factors are still the ones the code was asked for under. */
  async check(session: SignedInSession, on: OnBoundRequest & { code: string }): Promise<VerificationResult> {
    const before = await this.findCurrent(session, on);
    if (!before.ok) return before;
    const result = await this.verifications.check({ ...on, caller: callerOf(session) });
    if (!result.ok || (await this.isCurrent(result.request, session))) return result;
    return failure('cancelled', { request: result.request });
  }

  /** Sends a new code for the same request. */
  async resend(
    session: SignedInSession,
    { channel, origin, ...on }: OnBoundRequest & { channel?: Channel; origin: Origin },
  ): Promise<VerificationResult> {
    const before = await this.findCurrent(session, on);
    if (!before.ok) return before;
    return this.verifications.resend({
      ...on,
      caller: callerOf(session, origin),
      ...(channel ? { channel } : {}),
    });
  }

  private async findCurrent(session: SignedInSession, on: OnBoundRequest): Promise<VerificationResult> {
    const found = await this.find(session, on);
    if (!found.ok || (await this.isCurrent(found.request, session))) return found;
    return failure('cancelled', { request: found.request });
  }

  /** Whether the request was made under the epoch of this session, which is still the user's, for a phone still enrolled. */
  private async isCurrent(request: VerificationRecord, session: SignedInSession): Promise<boolean> {
    if (!isOfEpoch(request, session)) return false;
    const phoneId = request.context?.['phoneId'] ?? null;
    return this.changes.isCurrent(session, phoneId === null ? null : String(phoneId));
  }
}

const isOfEpoch = ({ context }: VerificationRecord, { epoch }: SignedInSession) =>
  context?.['epoch'] === epoch;

const callerOf = ({ userId, sid, trustedBrowserId }: SignedInSession, origin: Origin = {}): Caller => ({
  ...origin,
  userId,
  sessionId: sid,
  deviceId: trustedBrowserId ?? null,
});
