import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { VerificationRecord } from '../domain/verification-record.js';
import { GIVES_BACK } from '../domain/admission.js';
import { VerificationJudge } from '../verification.judge.js';
import { VerificationRepository } from '../verification.repository.js';
import { StatementRunner } from '../verification.statement-runner.js';
import type { VonageNotification } from './vonage-webhook.js';

/** Vonage signs each delivery when it makes it. */
const LONGEST_WAY_SECONDS = 300;

/**
 * Lets a provider's notification have its effect, once: duplicates, any order and unknown ids change nothing, and a
 * request that is over stays as it is. A verdict accepts nothing by itself: it only settles a check of ours whose answer
 * was lost.
 */
@Injectable()
export class VerificationWebhooks {
  constructor(
    private readonly statements: StatementRunner,
    private readonly repository: VerificationRepository,
    private readonly judge: VerificationJudge,
  ) {}

  /**
   * @param body the exact bytes: the same ones again are the same notification
   * @returns false when it was signed too long ago
   */
  async receive(notification: VonageNotification, body: Buffer, signedAt: number): Promise<boolean> {
    const { requestId, providerRequestId, verdict, description, price } = notification;
    const request = await this.statements.one<VerificationRecord>('receive', [
      createHash('sha256').update(body).digest(),
      signedAt,
      LONGEST_WAY_SECONDS,
      requestId,
      providerRequestId,
      verdict,
      description,
      price?.amount ?? null,
      price?.currency ?? null,
    ]);
    if (!request) {
      const age = await this.statements.one<{ young: boolean }>('isYoung', [signedAt, LONGEST_WAY_SECONDS]);
      return age?.young ?? false;
    }
    if (request.status === 'PENDING') {
      await this.judge.settleDoubt(request.id);
    } else if (request.status === 'SENDING' && verdict && verdict !== 'verified') {
      const reason = verdict === 'blocked' ? 'fraud-blocked' : 'send-lost';
      const givesBack = verdict === 'blocked' ? GIVES_BACK.destination : [];
      await this.repository.failSend(request.id, reason, 'provider', `webhook: ${description}`, givesBack);
    }
    return true;
  }
}
