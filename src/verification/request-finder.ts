import { Injectable } from '@nestjs/common';
import type { RequestWithWait } from './domain/verification-record.js';
import { CallerFingerprints } from './verification.callers.js';
import { DEFAULT_PURPOSE, idOf, type OnVerification } from './verification.input.js';
import { VerificationRepository } from './verification.repository.js';

/** Finds requests for their callers. */
@Injectable()
export class RequestFinder {
  constructor(
    private readonly repository: VerificationRepository,
    private readonly callers: CallerFingerprints,
  ) {}

  /** @returns the request as it is now, or null when there is none that this caller may know of */
  async find({
    requestId,
    purpose = DEFAULT_PURPOSE,
    caller,
  }: OnVerification): Promise<RequestWithWait | null> {
    const request = await this.repository.findById(idOf(requestId));
    if (request?.purpose !== purpose) return null;
    if (request.callerBound && !this.callers.isFrom(caller, request)) return null;
    return this.callers.mayProve(caller, request) ? request : { ...request, requestedElsewhere: true };
  }
}
