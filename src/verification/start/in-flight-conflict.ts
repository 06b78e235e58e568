import { Injectable } from '@nestjs/common';
import { CancelRepository } from '../cancel/cancel.repository.js';
import { ProviderReports } from '../provider/provider-reports.js';
import { VerificationProvider } from '../provider/verification-provider.js';
import { DeliveryRepository } from './delivery.repository.js';

/** After another caller's request was ended, only the new caller can start one for the number for this long. */
const HOLD_FOR_OWNER_SECONDS = 60;

/**
 * The provider takes one request per number. A request that a stranger began must not keep the number's owner from a
 * confirmed factor (docs/decisions/0013).
 */
@Injectable()
export class InFlightConflict {
  constructor(
    private readonly repository: DeliveryRepository,
    private readonly cancels: CancelRepository,
    private readonly provider: VerificationProvider,
    private readonly reports: ProviderReports,
  ) {}

  /**
   * Ends the request in flight at the provider under the id `inFlight`, which blocks our request `id`.
   * @returns null if the request in flight is not ours, or must not be ended
   */
  async resolve(
    id: string,
    inFlight: string,
  ): Promise<{ isFree: boolean; retryAfterSeconds: number } | null> {
    const other = await this.repository.findInFlight(id, inFlight);
    if (!other) return null;
    if (other.confirmedFor === '')
      await this.cancels.cancelFor(other.id, 'superseded', 'caller', HOLD_FOR_OWNER_SECONDS);
    const outcome = await this.provider.cancel(inFlight);
    if (outcome.outcome === 'fault') this.reports.fault('cancel', other.id, outcome);
    const age = (other.readAt.getTime() - other.createdAt.getTime()) / 1000;
    return {
      isFree: ['cancelled', 'gone', 'too-late'].includes(outcome.outcome),
      retryAfterSeconds: Math.max(1, Math.ceil(this.provider.holdsSeconds - age)),
    };
  }
}
