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

/**
 * Whether the database takes writes, and the keys are those under which its data are stored. Asked on a connection of its own: a busy pool is a reason to refuse some requests, and
 * none to take every instance out of the rotation at once.
 */
@Injectable()
export class DatabaseCheck implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Health');
  private areKeysWrong = false;
  private pool: Pool | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly indicators: HealthIndicatorService,
    private readonly canary: KeyCanary,
    private readonly http: HttpAdapterHost,
  ) {}

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
    try {
      const { rows } = await this.ownPool().query<{ transaction_read_only: string }>(
        'SHOW transaction_read_only',
      );
      if (rows[0]?.transaction_read_only !== 'off') return indicator.down('the database is read-only');
      const problems = await this.canary.problems(this.ownPool());
      this.tell(problems);
      return problems.length === 0 ? indicator.up() : indicator.down('the keys do not open what is stored');
    } catch {
      return indicator.down('the database does not answer');
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool?.end();
  }

  /** Logs once, not at every check. */
  private tell(problems: string[]): void {
    const areWrong = problems.length > 0;
    if (areWrong && !this.areKeysWrong)
      this.logger.error({ problems }, 'not ready: the keys do not open what is stored');
    this.areKeysWrong = areWrong;
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
