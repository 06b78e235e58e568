import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DoubtService } from '../check/doubt.service.js';
import { DeliveryRepository } from '../start/delivery.repository.js';
import type { VonageNotification } from './vonage-webhook.js';
import { WebhooksRepository } from './webhooks.repository.js';

/** Vonage signs each delivery when it makes it. */
const LONGEST_WAY_SECONDS = 300;

/**
 * Receives a provider's notifications. Each has its effect once: duplicates, any order and unknown ids change nothing,
 * and a request that is over stays as it is. A verdict accepts nothing by itself; it only settles a check of ours whose
 * answer was lost.
 */
@Injectable()
export class VerificationWebhooks {
  constructor(
    private readonly repository: WebhooksRepository,
    private readonly delivery: DeliveryRepository,
    private readonly doubts: DoubtService,
  ) {}

  /**
   * @param body the exact bytes
   * @param signedAt in seconds since 1970
   * @returns false when it was signed too long ago
   */
  async receive(notification: VonageNotification, body: Buffer, signedAt: number): Promise<boolean> {
    const { requestId, providerRequestId, verdict, description, price } = notification;
    const { isYoung, request } = await this.repository.receive({
      payloadHash: createHash('sha256').update(body).digest(),
      signedAt,
      longestWaySeconds: LONGEST_WAY_SECONDS,
      id: requestId,
      providerRequestId,
      verdict,
      description,
      price: price?.amount ?? null,
      currency: price?.currency ?? null,
    });
    if (request?.status === 'PENDING') {
      await this.doubts.settle(request.id);
    } else if (request?.status === 'SENDING' && verdict && verdict !== 'verified') {
      const event = verdict === 'blocked' ? 'fraud-blocked' : 'send-lost';
      await this.delivery.finishSend(request, { event }, 'provider', `webhook: ${description}`);
      if (verdict === 'blocked') await this.doubts.giveBackMessage(request);
    }
    return isYoung;
  }
}
