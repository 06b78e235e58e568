import type { SandboxClock } from './clock.js';

const WINDOW_MS = 1000;

/** So many calls in any one second, per API key, over all operations. Refused calls do not count. */
export class Throttle {
  private readonly acceptedAt = new Map<string, number[]>();

  constructor(
    private readonly requestsPerSecond: number,
    private readonly clock: SandboxClock,
  ) {}

  /** @returns whether the call may go on */
  accept(apiKey: string): boolean {
    if (this.requestsPerSecond === 0) return true;
    const now = this.clock.now();
    const recent = (this.acceptedAt.get(apiKey) ?? []).filter((at) => at > now - WINDOW_MS);
    this.acceptedAt.set(apiKey, recent);
    if (recent.length >= this.requestsPerSecond) return false;
    recent.push(now);
    return true;
  }

  reset(): void {
    this.acceptedAt.clear();
  }
}
