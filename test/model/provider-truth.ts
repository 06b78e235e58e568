import { RequestBook } from '../../src/sandbox/request-book.js';
import type { ProviderRequest } from '../../src/sandbox/verification-request.js';

/**
 * What really happened at the provider, from its own records: every request that it made, with its codes and how each was
 * judged. Nothing here has passed through the application.
 */
export class ProviderTruth {
  private readonly byDestination = new Map<string, ProviderRequest[]>();
  private readonly spy: jest.SpiedFunction<RequestBook['start']>;

  constructor() {
    const { byDestination } = this;
    const start = RequestBook.prototype.start;
    this.spy = jest.spyOn(RequestBook.prototype, 'start').mockImplementation(function (
      this: RequestBook,
      ...given
    ) {
      const request = start.apply(this, given);
      byDestination.set(request.to, [...(byDestination.get(request.to) ?? []), request]);
      return request;
    });
  }

  /** Oldest first. */
  requestsOf(e164: string): readonly ProviderRequest[] {
    return this.byDestination.get(e164.slice(1)) ?? [];
  }

  stop(): void {
    this.spy.mockRestore();
  }
}
