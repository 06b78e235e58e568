import { Injectable, Logger } from '@nestjs/common';
import { VerificationProvider } from './provider/verification-provider.js';
import { VerificationRepository } from './verification.repository.js';

/** Vonage lets nobody cancel sooner. */
const PROVIDER_HOLDS_SECONDS = 30;

export interface Way {
  /** The provider can be asked again at once. */
  isFree: boolean;
  /** Otherwise when it will let go. */
  retryAfterSeconds: number;
}

/**
 * The provider takes one request a number. What a stranger has begun must not keep the number's owner from a confirmed
 * factor (docs/decisions/0013).
 */
@Injectable()
export class OwnerPrecedence {
  private readonly logger = new Logger(OwnerPrecedence.name);

  constructor(
    private readonly repository: VerificationRepository,
    private readonly provider: VerificationProvider,
  ) {}

  /**
   * Ends what is in flight (the provider's id `inFlight`) in the way of the request `id`: here at once, there as soon as the provider lets it.
   * @returns null when nothing of ours that may be ended is in the way
   */
  async clearTheWay(id: string, inFlight: string): Promise<Way | null> {
    const other = await this.repository.findInTheWay(id, inFlight);
    if (!other) return null;
    await this.repository.supersede(other.id);
    const { outcome } = await this.provider.cancel(inFlight);
    if (outcome === 'fault') this.logger.warn({ requestId: other.id }, 'could not cancel what is in the way');
    const age = (other.readAt.getTime() - other.createdAt.getTime()) / 1000;
    return {
      isFree: outcome === 'cancelled' || outcome === 'gone' || outcome === 'too-late',
      retryAfterSeconds: Math.max(1, Math.ceil(PROVIDER_HOLDS_SECONDS - age)),
    };
  }
}
