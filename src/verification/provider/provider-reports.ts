import { Injectable, Logger } from '@nestjs/common';
import { causeOfCode } from '../../diagnostics/index.js';
import type { Fault } from './outcomes.js';
import { VerificationProvider } from './verification-provider.js';

/** Logs the provider's faults. */
@Injectable()
export class ProviderReports {
  private readonly logger = new Logger('VerificationProvider');

  constructor(private readonly provider: VerificationProvider) {}

  fault(operation: string, requestId: string, { fault, detail }: Fault): void {
    const cause = causeOfCode(detail);
    const line = {
      requestId,
      provider: this.provider.name,
      operation,
      fault,
      detail,
      ...(cause && { cause }),
    };
    if (fault === 'misconfigured' && cause) this.logger.error(line, 'no secure connection to the provider');
    else if (fault === 'misconfigured' || fault === 'bad-request')
      this.logger.error(line, 'provider refused us');
    else this.logger.warn(line, 'provider fault');
  }
}
