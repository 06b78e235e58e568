import { Inject, Injectable } from '@nestjs/common';
import { longestLifeSeconds, type VerificationPolicy } from '../domain/policy.js';
import { isInDoubt, publicStatus } from '../domain/verification-record.js';
import { RequestFinder } from '../request-finder.js';
import { DeliveryService } from '../start/delivery.service.js';
import { CallerFingerprints } from '../verification.callers.js';
import { DEFAULT_PURPOSE, idOf, type OnVerification } from '../verification.input.js';
import { VERIFICATION_POLICY } from '../verification.options.js';
import { VerificationRepository } from '../verification.repository.js';
import {
  failure,
  refusalOf,
  requestedElsewhere,
  success,
  type RequestResult,
} from '../verification.results.js';
import { CancelRepository } from './cancel.repository.js';

/** Ends requests. From then on their codes are rejected, even if the provider could not be notified. */
@Injectable()
export class CancelService {
  constructor(
    private readonly repository: CancelRepository,
    private readonly requests: VerificationRepository,
    private readonly finder: RequestFinder,
    private readonly delivery: DeliveryService,
    private readonly callers: CallerFingerprints,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  async cancel(input: OnVerification): Promise<RequestResult> {
    const { requestId, purpose = DEFAULT_PURPOSE, caller } = input;
    const cancelled = await this.repository.cancel({
      id: idOf(requestId),
      purpose,
      callers: this.callers.of(caller),
      provers: this.callers.ofProvers(caller),
    });
    if (cancelled) {
      await this.delivery.release(cancelled);
      return success(cancelled);
    }
    const request = await this.finder.find(input);
    if (!request) return failure('unknown-request');
    const isElsewhere = publicStatus(request) === 'PENDING' && request.requestedElsewhere;
    return isElsewhere && !isInDoubt(request) ? requestedElsewhere(request) : refusalOf(request);
  }

  /** Ends every live request of a user whose factors have changed, whichever session asked for it. */
  async cancelAllOf(userId: string): Promise<void> {
    const ids = await this.repository.findLiveOfUser(userId, longestLifeSeconds(this.policy));
    // All codes are rejected before the first provider is notified.
    const cancelled = await Promise.all(
      ids.map((id) => this.repository.cancelFor(id, 'factors-changed', 'caller')),
    );
    const ended = cancelled.filter((request) => request !== null);
    await Promise.all(ended.map((request) => this.delivery.release(request)));
  }

  /** Ends a request for an administrator, no matter who started it. */
  async cancelByOperator(requestId: string): Promise<RequestResult> {
    const id = idOf(requestId);
    const cancelled = await this.repository.cancelFor(id, 'cancelled-by-operator', 'operator');
    if (cancelled) {
      await this.delivery.release(cancelled);
      return success(cancelled);
    }
    const request = await this.requests.findById(id);
    return request ? refusalOf(request) : failure('unknown-request');
  }
}
