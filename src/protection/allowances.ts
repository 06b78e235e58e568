import { Injectable } from '@nestjs/common';
import { BackgroundJob } from '../background/background-job.js';
import { StatementRunner, statement } from '../database/statement.js';
import type { SharedRule } from '../verification/index.js';

/** A limit for everybody: `scope` and `key` name its row of today. */
type Limit = Pick<SharedRule, 'scope' | 'key' | 'limit'>;

/** The part of a day's limit that this instance has taken from the database and not used yet. */
interface Block {
  limit: Limit;
  left: number;
  /** Of the whole limit, as the database last said; what other instances hold counts as taken. */
  taken: number;
  day: string;
  /** By `performance.now()`: at midnight UTC, by the database's clock, a new day begins. */
  endsAtMs: number;
  usedAtMs: number;
  refill: Promise<void> | null;
  /** Nothing is left. Do not ask again before this moment. */
  emptyUntilMs: number;
}

/** An instance takes this part of what is left of a day, so that few statements are needed and little is stranded. */
const SHARE = 50;
/** At least this many messages, if that is no more than a tenth. */
const FEW = 10;
const EMPTY_MS = 1000;
const IDLE_MS = 10_000;
const RETURN_EVERY_MS = 5000;

/** Amounts are counted in ten-thousandths, because money does not add up in floating point. */
const toUnits = (amount: number) => Math.round(amount * 10_000);

/**
 * Limits a day that everybody shares: messages to a country, and money. If every start wrote the row of its country, all
 * starts of the world would take turns on it for as long as a commit lasts. So each instance takes a block of the day's
 * remainder in advance, spends it from memory and returns the rest. The limit is never exceeded, on any number of
 * instances; one that is killed leaves at most its block unused until midnight.
 */
@Injectable()
export class Allowances extends BackgroundJob {
  private readonly blocks = new Map<string, Block>();

  constructor(private readonly statements: StatementRunner) {
    super(RETURN_EVERY_MS);
  }

  /** While the database can still be reached. Requests that are under way from now on take single messages. */
  override async beforeApplicationShutdown(): Promise<void> {
    await super.beforeApplicationShutdown();
    await Promise.all([...this.blocks.values()].map((block) => this.returnBlock(block)));
  }

  /** Takes `amount` of a limit. @returns false when there is not enough left today */
  async take(limit: Limit, amount: number): Promise<boolean> {
    const units = toUnits(amount);
    // Many may wait for a refill that brings less than they need. Each refill serves one of them, or finds the limit used up.
    for (;;) {
      const block = this.blockOf(limit);
      if (block.left >= units) {
        block.left -= units;
        block.usedAtMs = performance.now();
        const size = this.sizeOf(block, units);
        // Not at the end of a limit: there, what one instance holds in advance is missing to the others.
        if (size > units && block.left < size / 4) void this.refill(block, units).catch(() => undefined);
        return true;
      }
      if (performance.now() < block.emptyUntilMs) return false;
      await this.refill(block, units);
    }
  }

  /** Gives back what {@link take} took. */
  giveBack(limit: Limit, amount: number): void {
    this.blockOf(limit).left += toUnits(amount);
  }

  /** Gives back what a message of earlier today took, whichever instance sent it. */
  async giveBackToday({ scope, key }: Limit, amount: number): Promise<void> {
    await this.statements.all(RETURN_ALLOWANCE, {
      scope,
      key: Buffer.from(key),
      day: null,
      units: toUnits(amount),
    });
  }

  /** How much of a limit is used, and whether `amount` could be taken now. */
  async look(limit: Limit, amount: number): Promise<{ isLeft: boolean; used: number }> {
    const held = this.blockOf(limit).left;
    const row = await this.statements.one(READ_ALLOWANCE, {
      scope: limit.scope,
      key: Buffer.from(limit.key),
    });
    const taken = row?.taken ?? 0;
    const isLeft = held >= toUnits(amount) || taken + toUnits(amount) <= toUnits(limit.limit);
    return { isLeft, used: (taken - held) / 10_000 };
  }

  private blockOf(limit: Limit): Block {
    const name = `${limit.scope} ${limit.key}`;
    const known = this.blocks.get(name);
    if (known && performance.now() < known.endsAtMs) {
      known.limit = limit;
      return known;
    }
    const block: Block = {
      limit,
      left: 0,
      taken: 0,
      day: '',
      endsAtMs: Infinity,
      usedAtMs: performance.now(),
      refill: null,
      emptyUntilMs: 0,
    };
    this.blocks.set(name, block);
    return block;
  }

  /** A fiftieth of what is left, or a tenth of little, in whole messages; at the end of a limit one message. */
  private sizeOf({ limit, taken }: Block, units: number): number {
    if (units === 0 || this.isStopped) return units;
    const messagesLeft = (toUnits(limit.limit) - taken) / units;
    const share = Math.max(messagesLeft / SHARE, Math.min(messagesLeft / 10, FEW));
    return Math.max(1, Math.floor(share)) * units;
  }

  /** One statement at a time per limit; all who wait share it. */
  private refill(block: Block, units: number): Promise<void> {
    block.refill ??= this.takeBlock(block, units).finally(() => (block.refill = null));
    return block.refill;
  }

  private async takeBlock(block: Block, units: number): Promise<void> {
    const { scope, key, limit } = block.limit;
    const parameters = { scope, key: Buffer.from(key), limit: toUnits(limit) };
    for (const size of new Set([this.sizeOf(block, units), units])) {
      const row = await this.statements.one(TAKE_ALLOWANCE, { ...parameters, units: size });
      if (!row) continue;
      block.left += size;
      block.taken = row.taken;
      block.day = row.day;
      block.endsAtMs = performance.now() + row.secondsLeft * 1000;
      return;
    }
    block.taken = toUnits(limit);
    block.emptyUntilMs = performance.now() + EMPTY_MS;
  }

  /** Returns what has not been used for a while. */
  protected async round(): Promise<void> {
    const idleSince = performance.now() - IDLE_MS;
    const idle = [...this.blocks.values()].filter(({ usedAtMs }) => usedAtMs < idleSince);
    await Promise.all(idle.map((block) => this.returnBlock(block)));
  }

  private async returnBlock(block: Block): Promise<void> {
    const { limit, left, day } = block;
    if (left <= 0 || day === '') return;
    block.left = 0;
    await this.statements.all(RETURN_ALLOWANCE, {
      scope: limit.scope,
      key: Buffer.from(limit.key),
      day,
      units: left,
    });
  }
}

export const TAKE_ALLOWANCE = statement<
  { scope: string; key: Buffer; units: number; limit: number },
  { taken: number; day: string; secondsLeft: number }
>(
  'take-allowance',
  `
  INSERT INTO otp_daily_counters AS d (scope, key, day, taken)
  SELECT :scope, :key, (now() AT TIME ZONE 'UTC')::date, :units::numeric / 10000 WHERE :units <= :limit::numeric
  ON CONFLICT (scope, key, day) DO UPDATE SET taken = d.taken + excluded.taken
   WHERE d.taken + excluded.taken <= :limit / 10000
  RETURNING (d.taken * 10000)::float8 AS taken, d.day::text AS day,
            extract(epoch FROM (d.day + 1) - (now() AT TIME ZONE 'UTC'))::float8 AS seconds_left`,
);

export const RETURN_ALLOWANCE = statement<{ scope: string; key: Buffer; day: string | null; units: number }>(
  'return-allowance',
  `
  UPDATE otp_daily_counters d SET taken = greatest(d.taken - :units::numeric / 10000, 0)
   WHERE d.scope = :scope AND d.key = :key AND d.day = coalesce(:day::date, (now() AT TIME ZONE 'UTC')::date)`,
);

export const READ_ALLOWANCE = statement<{ scope: string; key: Buffer }, { taken: number }>(
  'read-allowance',
  `
  SELECT (d.taken * 10000)::float8 AS taken FROM otp_daily_counters d
   WHERE d.scope = :scope AND d.key = :key AND d.day = (now() AT TIME ZONE 'UTC')::date`,
);
