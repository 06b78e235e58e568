import { runSql } from './run-sql.js';

/**
 * `now()` and `clock_timestamp()` of the test's own, which Postgres finds before its own ones: `pg_catalog` is otherwise
 * the first place where it looks. Tables are still made in the first schema of the path.
 */
const INSTALL = `
  CREATE SCHEMA IF NOT EXISTS test_clock;
  CREATE TABLE IF NOT EXISTS test_clock.ahead (by interval NOT NULL);
  INSERT INTO test_clock.ahead SELECT '0' WHERE NOT EXISTS (SELECT 1 FROM test_clock.ahead);
  CREATE OR REPLACE FUNCTION test_clock.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT pg_catalog.now() + by FROM test_clock.ahead';
  CREATE OR REPLACE FUNCTION test_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.clock_timestamp() + by FROM test_clock.ahead';
  DO $$
  BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = "$user", public, test_clock, pg_catalog', current_database());
  END $$;`;

/**
 * Time that a test moves on: for the database, and for this process (`Date.now()`, `new Date()`). So it holds for
 * cooldowns, expiry, locks, limits, factors, tokens and authenticator apps alike. Timers are not moved, and time does not stand
 * still: it goes on from where it was moved to.
 */
export class TestClock {
  private aheadSeconds = 0;

  private constructor(
    private readonly databaseUrl: string,
    private readonly processClock: ProcessClock,
  ) {}

  /**
   * Begins to move the clock of a database and of this process.
   * @param databaseUrl a database for tests only, whose owner the role is; connections made before do not follow the clock
   */
  static async start(databaseUrl: string): Promise<TestClock> {
    await runSql(databaseUrl, INSTALL);
    return new TestClock(databaseUrl, new ProcessClock());
  }

  /** Moves time on. */
  async advance(seconds: number): Promise<void> {
    if (!(seconds >= 0)) throw new RangeError(`time goes on by a number of seconds, not by ${seconds}`);
    await this.set(this.aheadSeconds + seconds);
  }

  /** Goes back to the real time. */
  async reset(): Promise<void> {
    await this.set(0);
  }

  private async set(seconds: number): Promise<void> {
    await runSql(this.databaseUrl, 'UPDATE test_clock.ahead SET by = make_interval(secs => $1)', [seconds]);
    this.aheadSeconds = seconds;
    this.processClock.set(seconds * 1000);
  }
}

/** Of the process. A clock that is started while another one is ahead goes back to this one, too. */
const REAL_DATE = globalThis.Date;

/** Replaces the process's `Date` by one that is ahead. What was a `Date` still is one. */
class ProcessClock {
  set(aheadMs: number): void {
    const real = REAL_DATE;
    const now = () => real.now() + aheadMs;
    globalThis.Date =
      aheadMs === 0
        ? real
        : new Proxy(real, {
            construct: (target, args: [], caller) =>
              Reflect.construct(target, args.length === 0 ? [now()] : args, caller),
            apply: () => new real(now()).toString(),
            get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
          });
  }
}
