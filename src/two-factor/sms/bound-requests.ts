import { Injectable } from '@nestjs/common';
import { statement, StatementRunner } from '../../database/statement.js';
import {
  type Caller,
  type Channel,
  failure,
  type StartVerification,
  type VerificationRecord,
  type VerificationResult,
  VerificationService,
} from '../../verification/index.js';
import type { SignedInCaller } from '../session/assurance.js';

/** Names a request of the caller's. A code for one purpose is rejected for every other. */
export interface OnBoundRequest {
  requestId: string;
  purpose: string;
}

/**
 * Verification requests of signed-in users. Each is bound to the session that started it, to the user's epoch and, where
 * it shows a factor, to one enrolled phone. Once one of them has changed, its code is rejected and not sent again.
 */
@Injectable()
export class BoundRequests {
  constructor(
    private readonly verifications: VerificationService,
    private readonly statements: StatementRunner,
  ) {}

  /**
   * Sends a code, or finds the live request that this user has already started.
   * @param input.label what a phone is to be called that the code enrols
   * @param input.phoneId the enrolled phone that the code shows, or null while the number is not enrolled
   */
  async start(
    caller: SignedInCaller,
    {
      phoneId,
      label,
      ...input
    }: Omit<StartVerification, 'caller' | 'context'> & { phoneId: string | null; label?: string },
  ): Promise<VerificationResult> {
    const start = () =>
      this.verifications.start({
        ...input,
        caller: verificationCaller(caller),
        context: { epoch: caller.epoch, phoneId, ...(label && { label }) },
      });
    const result = await start();
    if (!result.ok || result.request.context?.['epoch'] === caller.epoch) return result;
    // The factors were changed, and that process stopped before it could cancel this request.
    await this.verifications.cancelAllOf(caller.userId);
    return start();
  }

  /** The request, for any session of its user. */
  find(caller: SignedInCaller, on: OnBoundRequest): Promise<VerificationResult> {
    return this.verifications.find({ ...on, caller: verificationCaller(caller) });
  }

  /** Checks a code. A right code counts only if the factors have not changed meanwhile. */
  async check(caller: SignedInCaller, on: OnBoundRequest & { code: string }): Promise<VerificationResult> {
    const before = await this.findCurrent(caller, on);
    if (!before.ok) return before;
    const result = await this.verifications.check({ ...on, caller: verificationCaller(caller) });
    if (!result.ok || (await this.isCurrent(result.request, caller))) return result;
    return failure('cancelled', { request: result.request });
  }

  /** Sends a new code for the same request. */
  async resend(
    caller: SignedInCaller,
    on: OnBoundRequest & { channel?: Channel },
  ): Promise<VerificationResult> {
    const before = await this.findCurrent(caller, on);
    if (!before.ok) return before;
    return this.verifications.resend({ ...on, caller: verificationCaller(caller) });
  }

  private async findCurrent(caller: SignedInCaller, on: OnBoundRequest): Promise<VerificationResult> {
    const found = await this.find(caller, on);
    if (!found.ok || (await this.isCurrent(found.request, caller))) return found;
    // What it enrolled has changed the factors. It was not cancelled.
    const { status } = found.request;
    return failure(status === 'VERIFIED' ? 'already-verified' : 'cancelled', { request: found.request });
  }

  /** Whether request, session and user are of the same epoch, and the phone is still enrolled. */
  private async isCurrent(
    { context }: VerificationRecord,
    { userId, epoch }: SignedInCaller,
  ): Promise<boolean> {
    if (context?.['epoch'] !== epoch) return false;
    const phoneId = context['phoneId'] as string | null;
    return (await this.statements.one(FIND_CURRENT, { userId, epoch, phoneId })) !== null;
  }
}

const verificationCaller = (caller: SignedInCaller): Caller => ({
  userId: caller.userId,
  sessionId: caller.sid,
  deviceId: caller.trustedBrowserId,
  address: caller.address,
  userAgent: caller.userAgent,
});

export const FIND_CURRENT = statement<{ userId: string; epoch: number; phoneId: string | null }, object>(
  'find-current-factors',
  `
  SELECT :userId AS user_id
   WHERE coalesce((SELECT epoch FROM otp_factor_epochs WHERE user_id = :userId), 0) = :epoch
     AND (:phoneId::uuid IS NULL OR EXISTS (SELECT 1 FROM otp_enrolled_phones WHERE id = :phoneId AND user_id = :userId))`,
);
