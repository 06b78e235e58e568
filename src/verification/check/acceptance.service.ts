import { Inject, Injectable } from '@nestjs/common';
import { publicStatus } from '../domain/verification-record.js';
import { APPLICATION_RULE, refusedByApplication } from '../interception.js';
import { PhoneNumbers } from '../phone-numbers.js';
import { RequestFinder } from '../request-finder.js';
import { CountersRepository } from '../start/counters.repository.js';
import type { OnVerification } from '../verification.input.js';
import { type ResolvedVerificationOptions, VERIFICATION_OPTIONS } from '../verification.options.js';
import { failure, type VerificationFailure } from '../verification.results.js';

/** Asks the application, before a code is checked, whether it may be accepted. */
@Injectable()
export class AcceptanceService {
  constructor(
    private readonly finder: RequestFinder,
    private readonly numbers: PhoneNumbers,
    private readonly counters: CountersRepository,
    @Inject(VERIFICATION_OPTIONS) private readonly options: ResolvedVerificationOptions,
  ) {}

  /** @returns the refusal; null when the application has none, or the request takes no code anyway */
  async refusalFor(input: OnVerification): Promise<VerificationFailure | null> {
    const { beforeAccept } = this.options;
    if (!beforeAccept) return null;
    const request = await this.finder.find(input);
    // A success that came late is given to the caller who repeats the code, so the application is asked about that too.
    const isOpen = request && ['PENDING', 'VERIFIED'].includes(publicStatus(request));
    if (!isOpen || request.requestedElsewhere || request.sealedNumber === null) return null;
    const { id: requestId, channel, purpose, userId, context } = request;
    const phoneNumber = this.numbers.e164Of(request);
    const { caller } = input;
    const refusal = await beforeAccept({
      requestId,
      phoneNumber,
      channel,
      purpose,
      userId,
      caller,
      context,
    });
    if (!refusal) return null;
    await this.counters.record({
      action: 'check',
      outcome: 'refused',
      rule: APPLICATION_RULE,
      rules: [refusedByApplication(refusal)],
      requestId,
    });
    return failure('refused-by-application', { request, refusal, rule: APPLICATION_RULE });
  }
}
