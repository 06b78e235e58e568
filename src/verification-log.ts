import { Injectable, Logger } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { VERIFICATION_EVENT, type VerificationEvent } from './verification/index.js';

/** One log line for every request that ends: what a host does with the library's events, at its smallest. */
@Injectable()
export class VerificationLog {
  private readonly logger = new Logger('Verification');

  @OnEvent(VERIFICATION_EVENT)
  log({ requestId, type, from, to, reason, actor }: VerificationEvent): void {
    if (from !== to && to !== 'SENDING' && to !== 'PENDING') {
      this.logger.log({ requestId, type, actor, reason }, `request ${to.toLowerCase()}`);
    }
  }
}
