import type { StatementObserver } from '../verification.statement-runner.js';

/** An event of ours that is still to be announced. */
export interface Unannounced {
  id: string;
  /** Its number within the request. */
  events: number;
  /** The database's time that we knew when its statement began: the event is younger. */
  since: Date;
}

/**
 * Keeps track of what this instance has written and not yet announced, and of the moment before which there is nothing
 * left. That moment is the database's: every statement is younger than the last heartbeat before it.
 */
export class AnnouncementWatermark implements StatementObserver {
  private now: Date | null = null;
  private readonly underWay = new Set<{ since: Date }>();
  private waiting: Unannounced[] = [];
  /** A statement's answer was lost: it may have written an event since then that we do not know of. */
  lostSince: Date | null = null;

  /** A heartbeat has told the time. */
  itIs(now: Date): void {
    this.now = now;
  }

  begins(): (rows: readonly { id: string; events: number }[] | null) => void {
    const since = this.now!;
    const statement = { since };
    this.underWay.add(statement);
    return (rows) => {
      this.underWay.delete(statement);
      if (rows) for (const { id, events } of rows) this.waiting.push({ id, events, since });
      else if (!this.lostSince || since < this.lostSince) this.lostSince = since;
    };
  }

  /** The oldest that wait; they keep waiting until {@link announced}. */
  take(count: number): readonly Unannounced[] {
    return this.waiting.slice(0, count);
  }

  announced(batch: readonly Unannounced[]): void {
    this.waiting = this.waiting.slice(batch.length);
  }

  /** Everything since then was announced, ours and others'. */
  found(since: Date): void {
    if (this.lostSince && this.lostSince >= since) this.lostSince = null;
  }

  get isClear(): boolean {
    return this.underWay.size === 0 && this.waiting.length === 0 && this.lostSince === null;
  }

  /** Nothing before this moment is left to announce; null before the first heartbeat. */
  get announcedUntil(): Date | null {
    let until = this.now;
    for (const { since } of [...this.underWay, ...this.waiting]) if (until && since < until) until = since;
    if (this.lostSince && until && this.lostSince < until) until = this.lostSince;
    return until;
  }
}
