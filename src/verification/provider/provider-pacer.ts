import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { DataSource } from 'typeorm';
import { rowsOf } from '../../database/sql.js';

/** An account with a higher limit than this gets lanes that let several calls pass. */
const MOST_LANES = 50;
/** A lane is used again this long after its calls were answered. A second, and a little for rounded clocks. */
const LANE_INTERVAL_SECONDS = 1.05;
/** How long a lane belongs to the instance that leased it. Longer than any round trip to the database should take. */
const LEASE_SECONDS = 3;
/** A lane that has arrived is given back after this time. Other instances notice a pause after no more than this. */
const HOLD_MS = 500;
const LONGEST_WAIT_MS = 2000;
/** How often to ask for lanes while all are taken. */
const RETRY_MS = 100;
const DEFAULT_PAUSE_SECONDS = 1;

/** Makes the $2 lanes of the account $1 that do not exist yet. */
const MAKE_LANES = `
  INSERT INTO otp_provider_lanes (account, lane, free_at)
  SELECT $1, numbers.lane, '-infinity'
    FROM generate_series(1, $2::int) AS numbers (lane)
   ORDER BY numbers.lane
  ON CONFLICT (account, lane) DO NOTHING`;

/**
 * Leases up to $3 free lanes of the $2 lanes of the account $1. They become free again after $4 seconds.
 * A claim passes over the lanes that another claim is taking at this moment: it would get none of them by waiting.
 */
const CLAIM_LANES = `
  WITH free AS (
    SELECT lane FROM otp_provider_lanes
     WHERE account = $1 AND lane <= $2::int AND free_at <= clock_timestamp()
     ORDER BY random()
     LIMIT $3::int
       FOR UPDATE SKIP LOCKED)
  UPDATE otp_provider_lanes p
     SET free_at = clock_timestamp() + make_interval(secs => $4::float8), lease_token = $5::uuid
    FROM free
   WHERE p.account = $1 AND p.lane = free.lane
  RETURNING p.lane`;

/** Gives back the lanes $2 that were leased with the tokens $3. They become free after $4 seconds. */
const RETURN_LANES = `
  WITH mine AS (
    SELECT lane FROM otp_provider_lanes
     WHERE account = $1 AND lane = ANY ($2::int[]) AND lease_token = ANY ($3::uuid[])
     ORDER BY lane
       FOR UPDATE)
  UPDATE otp_provider_lanes p
     SET free_at = clock_timestamp() + make_interval(secs => $4::float8), lease_token = NULL
    FROM mine
   WHERE p.account = $1 AND p.lane = mine.lane`;

/** No lane of the account $1 becomes free for the next $3 seconds, including those that are leased now. */
const PAUSE_LANES = `
  INSERT INTO otp_provider_lanes AS p (account, lane, free_at)
  SELECT $1, numbers.lane, clock_timestamp() + make_interval(secs => $3::float8)
    FROM generate_series(1, $2::int) AS numbers (lane)
   ORDER BY numbers.lane
  ON CONFLICT (account, lane) DO UPDATE
    SET free_at = greatest(p.free_at, excluded.free_at), lease_token = NULL`;

interface Lane {
  number: number;
  token: string;
  callsLeft: number;
  unanswered: number;
  /** By this process's monotonic clock, as every other moment here. */
  usableUntilMs: number;
}

/** To be called when the provider has answered the call, or will not. */
export type CallEnded = () => void;

interface Waiter {
  resolve(admitted: CallEnded | null): void;
  reject(error: unknown): void;
  giveUpAtMs: number;
}

/**
 * Keeps the calls of all instances together below the limit of one account.
 *
 * The account has lanes. A lane lets its share of the calls pass (one, for most accounts), and is then closed until a
 * second after they were answered. By then the provider has counted them, however long they travelled, so the sum over
 * all lanes never exceeds the limit in any second. Instances lease lanes in Postgres
 * for the calls that wait, and give them back after use. A lease lasts seconds, measured from before the instance asked
 * for it; it does not depend on the clocks of instances, on the length of a round trip, or on a punctual event loop. A
 * process that was suspended finds its leases expired.
 */
export class ProviderPacer {
  private readonly laneCount: number;
  private readonly callsPerLane: number;
  private lanes: Lane[] = [];
  private readonly waiting: Waiter[] = [];
  private lanesAskedFor = 0;
  private claimAgainAtMs = 0;
  private lanesExist = false;
  private pauses = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param account names what the limit is for; not a secret */
  constructor(
    private readonly dataSource: DataSource,
    private readonly account: string,
    requestsPerSecond: number,
  ) {
    this.laneCount = Math.max(1, Math.min(Math.floor(requestsPerSecond), MOST_LANES));
    this.callsPerLane = Math.max(1, Math.floor(requestsPerSecond / this.laneCount));
  }

  /**
   * Waits until a call may be made.
   *
   * @returns null when the wait would be too long
   * @throws when the database does not answer
   */
  admit(): Promise<CallEnded | null> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject, giveUpAtMs: performance.now() + LONGEST_WAIT_MS });
      this.serve();
    });
  }

  /** Pauses the calls of all instances for this many seconds, because the provider asked for it. */
  async pause(seconds = DEFAULT_PAUSE_SECONDS): Promise<void> {
    this.pauses += 1;
    this.lanes = [];
    await rowsOf(this.dataSource, PAUSE_LANES, [this.account, this.laneCount, seconds]);
  }

  /** Runs whenever something may have changed, and every {@link RETRY_MS} while anybody waits or a lane is held. */
  private serve(): void {
    const now = performance.now();
    this.admitWaiters(now);
    this.refuseLateWaiters(now);
    this.returnLanes(now);
    this.claimMissingLanes(now);
    if (this.waiting.length > 0 || this.lanes.length > 0) {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.serve();
      }, RETRY_MS).unref();
    }
  }

  private admitWaiters(now: number): void {
    for (const lane of this.lanes) {
      while (lane.callsLeft > 0 && lane.usableUntilMs > now && this.waiting.length > 0) {
        lane.callsLeft -= 1;
        lane.unanswered += 1;
        this.waiting.shift()!.resolve(() => {
          lane.unanswered -= 1;
          this.serve();
        });
      }
    }
  }

  private refuseLateWaiters(now: number): void {
    while (this.waiting[0] && this.waiting[0].giveUpAtMs <= now) this.waiting.shift()!.resolve(null);
  }

  private returnLanes(now: number): void {
    const isDone = (lane: Lane) =>
      lane.unanswered === 0 && (lane.callsLeft === 0 || lane.usableUntilMs <= now);
    const done = this.lanes.filter(isDone);
    if (done.length === 0) return;
    this.lanes = this.lanes.filter((lane) => !isDone(lane));
    const numbers = done.map(({ number }) => number);
    const tokens = [...new Set(done.map(({ token }) => token))];
    // If this fails, the lanes become free when their lease ends.
    rowsOf(this.dataSource, RETURN_LANES, [this.account, numbers, tokens, LANE_INTERVAL_SECONDS]).catch(
      () => undefined,
    );
  }

  private claimMissingLanes(now: number): void {
    const missing = Math.ceil(this.waiting.length / this.callsPerLane) - this.lanesAskedFor;
    if (missing <= 0 || now < this.claimAgainAtMs) return;
    this.lanesAskedFor += missing;
    this.claim(missing)
      .catch((error: unknown) => this.waiting.splice(0).forEach((waiter) => waiter.reject(error)))
      .finally(() => {
        this.lanesAskedFor -= missing;
        this.serve();
      });
  }

  private async claim(wanted: number): Promise<void> {
    if (!this.lanesExist) await rowsOf(this.dataSource, MAKE_LANES, [this.account, this.laneCount]);
    this.lanesExist = true;
    const token = randomUUID();
    const { pauses } = this;
    const askedAtMs = performance.now();
    const rows = await rowsOf<{ lane: number }>(this.dataSource, CLAIM_LANES, [
      this.account,
      this.laneCount,
      wanted,
      LEASE_SECONDS + LANE_INTERVAL_SECONDS,
      token,
    ]);
    const now = performance.now();
    if (rows.length < wanted) this.claimAgainAtMs = now + RETRY_MS;
    // The table is unlogged: a crash of Postgres empties it.
    this.lanesExist = rows.length > 0;
    if (pauses !== this.pauses) return;
    const usableUntilMs = Math.min(askedAtMs + LEASE_SECONDS * 1000, now + HOLD_MS);
    for (const { lane } of rows) {
      this.lanes.push({ number: lane, token, callsLeft: this.callsPerLane, unanswered: 0, usableUntilMs });
    }
  }
}
