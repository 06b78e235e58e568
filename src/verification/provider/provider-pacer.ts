import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatementRunner } from '../verification.statement-runner.js';

/** So much of the pace is reserved at a time: few statements at any rate, and little is lost when it is not used. */
const RESERVE_SECONDS = 0.1;
/** Who would have to wait longer is told to come again. */
const LONGEST_WAIT_SECONDS = 2;
const PAUSE_SECONDS = 1;
/** Timers are never exact. */
const TIMER_SLACK_MS = 5;

interface Reservation {
  /** Of the first call, by this process's monotonic clock. */
  startsAtMs: number;
  count: number;
  next: number;
}

/**
 * Keeps all instances together below so many calls a second of one account. Calls are spread evenly: each has its own
 * moment, reserved in Postgres a few at a time, and a moment that has passed unused is lost.
 */
export class ProviderPacer {
  private readonly intervalMs: number;
  private reserved: Reservation | null = null;
  private turn: Promise<unknown> = Promise.resolve();

  /** @param account names what the limit is for; not a secret */
  constructor(
    private readonly statements: StatementRunner,
    private readonly account: string,
    private readonly requestsPerSecond: number,
  ) {
    this.intervalMs = 1000 / requestsPerSecond;
  }

  /** Waits until a call may be made. @returns false when that would take too long */
  async admit(): Promise<boolean> {
    const giveUpAt = performance.now() + LONGEST_WAIT_SECONDS * 1000;
    for (;;) {
      // One after the other, so that many callers share a reservation instead of making one each.
      const moment = this.turn.then(() => this.takeMoment());
      this.turn = moment.catch(() => undefined);
      const at = await moment;
      if (at === null) return false;
      const waitMs = at - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      // A process that was held up must not make up for it: its calls would meet those of the others.
      const lateMs = performance.now() - at;
      if (lateMs <= this.intervalMs + TIMER_SLACK_MS) return true;
      if (performance.now() > giveUpAt) return false;
    }
  }

  /** The provider asked for peace: no instance calls it for so long. */
  async pause(seconds = PAUSE_SECONDS): Promise<void> {
    this.reserved = null;
    await this.statements.all('pausePace', [this.account, seconds]);
  }

  private async takeMoment(): Promise<number | null> {
    const reserved = this.current() ?? (await this.reserve());
    if (!reserved) return null;
    const at = reserved.startsAtMs + reserved.next * this.intervalMs;
    reserved.next += 1;
    return at;
  }

  private current(): Reservation | null {
    const { reserved } = this;
    if (!reserved) return null;
    const passed = Math.ceil((performance.now() - reserved.startsAtMs) / this.intervalMs) - 1;
    reserved.next = Math.max(reserved.next, passed);
    return reserved.next < reserved.count ? reserved : null;
  }

  private async reserve(): Promise<Reservation | null> {
    const count = Math.max(1, Math.ceil(this.requestsPerSecond * RESERVE_SECONDS));
    const values = [this.account, this.intervalMs / 1000, count, LONGEST_WAIT_SECONDS];
    // From before the question: a slow answer may make a moment pass, never come late.
    const askedAtMs = performance.now();
    const row = await this.statements.one<{ startsIn: number }>('pace', values);
    if (!row) return null;
    this.reserved = { startsAtMs: askedAtMs + Math.max(0, row.startsIn) * 1000, count, next: 0 };
    return this.reserved;
  }
}
