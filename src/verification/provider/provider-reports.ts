import { Injectable, Logger } from '@nestjs/common';
import type { Fault } from './outcomes.js';
import { VerificationProvider } from './verification-provider.js';

/** Logs the provider's faults. */
@Injectable()
export class ProviderReports {
  private readonly logger = new Logger('VerificationProvider');

  constructor(private readonly provider: VerificationProvider) {}

  fault(operation: string, requestId: string, { fault, detail }: Fault): void {
    const line = { requestId, provider: this.provider.name, operation, fault, detail };
    if (fault === 'misconfigured' || fault === 'bad-request') this.logger.error(line, 'provider refused us');
    else this.logger.warn(line, 'provider fault');
  }
}
