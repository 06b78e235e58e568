/** The sandbox's time: the machine's plus what was skipped, so that tests do not wait for codes to expire. */
export class SandboxClock {
  private offsetMs = 0;

  /** @returns milliseconds since 1970 */
  now(): number {
    return Date.now() + this.offsetMs;
  }

  advance(seconds: number): void {
    this.offsetMs += seconds * 1000;
  }

  get offsetSeconds(): number {
    return this.offsetMs / 1000;
  }

  reset(): void {
    this.offsetMs = 0;
  }
}
