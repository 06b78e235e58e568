import type { Operation } from './words.js';

/** What reached the sandbox, whatever it answered: also refused, throttled and broken calls count. */
export type CallCounts = Record<Operation, number> & {
  /** Checks by `providerRequestId`. */
  checksByRequest: Record<string, number>;
};

const MAX_REQUESTS = 100_000;

export class CallCounter {
  private counts = none();
  private checks = new Map<string, number>();

  record(operation: Operation, providerRequestId?: string): void {
    this.counts[operation]++;
    if (operation !== 'check' || !providerRequestId) return;
    const [oldest] = this.checks.keys();
    if (this.checks.size >= MAX_REQUESTS && oldest !== undefined) this.checks.delete(oldest);
    this.checks.set(providerRequestId, (this.checks.get(providerRequestId) ?? 0) + 1);
  }

  list(): CallCounts {
    return { ...this.counts, checksByRequest: Object.fromEntries(this.checks) };
  }

  reset(): void {
    this.counts = none();
    this.checks.clear();
  }
}

function none(): Record<Operation, number> {
  return { start: 0, check: 0, cancel: 0, next: 0, search: 0 };
}
