import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { InjectDataSource } from '@nestjs/typeorm';
import { HealthIndicatorService } from '@nestjs/terminus';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { describeFailure } from '../../diagnostics/index.js';
import { poolOf } from '../../database/sql.js';
import { KeyCanary } from '../../verification/index.js';

const TIMEOUT_MS = 2000;
const WRONG_KEYS = 'the keys do not open what is stored';

/**
 * Writes a megabyte into a temporary file, which Postgres removes at once. A row that is changed often fits on a page that has its
 * place on the disk already, so changing one would succeed on a full disk (docs/decisions/0027).
 */
const WRITE_TO_DISK = `
  SET LOCAL work_mem = '64kB';
  WITH pages AS MATERIALIZED (SELECT repeat('x', 8192) FROM generate_series(1, 128)) SELECT count(*) FROM pages`;

/**
 * Whether the database takes writes, has room for them, and holds data of our keys. Asked on a connection of its own: a busy pool is
 * a reason to refuse some requests, and none to take every instance out of the rotation at once.
 */
@Injectable()
export class DatabaseCheck implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Health');
  private areWrong = false;
  private lastProblem: string | null = null;
  private pool: Pool | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly indicators: HealthIndicatorService,
    private readonly canary: KeyCanary,
    private readonly http: HttpAdapterHost,
  ) {}

  /** Whether the keys did not open what is stored when it was last looked: at the start and with every check. */
  get areKeysWrong(): boolean {
    return this.areWrong;
  }

  async onApplicationBootstrap(): Promise<void> {
    // A command has no server, and writes only what it was asked to.
    if (!this.http.httpAdapter) return;
    try {
      this.tell(await this.canary.problems());
      await this.canary.write();
    } catch (error) {
      // Readiness finds out too, and the next instance that starts makes the row.
      this.logger.warn(describeFailure(error), 'the keys could not be noted');
    }
  }

  async check() {
    const indicator = this.indicators.check('database');
    const problem = await this.problem().catch(
      (error: unknown) => describeFailure(error).cause ?? 'the database does not answer',
    );
    if (problem !== null && problem !== WRONG_KEYS && problem !== this.lastProblem)
      this.logger.warn({ cause: problem }, 'not ready');
    this.lastProblem = problem;
    return problem === null ? indicator.up() : indicator.down(problem);
  }

  private async problem(): Promise<string | null> {
    const pool = this.ownPool();
    const { rows } = await pool.query<{ transaction_read_only: string }>('SHOW transaction_read_only');
    if (rows[0]?.transaction_read_only !== 'off') return 'the database is read-only';
    await pool.query(WRITE_TO_DISK);
    const problems = await this.canary.problems(pool);
    this.tell(problems);
    return problems.length === 0 ? null : WRONG_KEYS;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool?.end();
  }

  /** Logs once, not at every check. */
  private tell(problems: string[]): void {
    const areWrong = problems.length > 0;
    if (areWrong && !this.areWrong)
      this.logger.error({ problems }, 'not ready: the keys do not open what is stored');
    this.areWrong = areWrong;
  }

  private ownPool(): Pool {
    if (!this.pool) {
      const limits = { max: 1, connectionTimeoutMillis: TIMEOUT_MS, query_timeout: TIMEOUT_MS };
      this.pool = new Pool({ ...poolOf(this.dataSource).options, ...limits });
      // The next check opens another connection.
      this.pool.on('error', () => undefined);
    }
    return this.pool;
  }
}
