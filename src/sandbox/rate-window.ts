/** At most so many calls in any second, as Vonage allows an account. */
export class RateWindow {
  private times: number[] = [];

  constructor(private readonly perSecond: number) {}

  /** Counts a call; false when it is one too many. */
  take(now = performance.now()): boolean {
    if (this.perSecond === 0) return true;
    this.times = this.times.filter((time) => time > now - 1000);
    if (this.times.length >= this.perSecond) return false;
    this.times.push(now);
    return true;
  }
}
