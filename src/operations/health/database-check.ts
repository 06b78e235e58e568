import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { HealthIndicatorService } from '@nestjs/terminus';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { poolOf } from '../../database/sql.js';

const TIMEOUT_MS = 2000;

/**
 * Whether the database takes writes. Asked on a connection of its own: a busy pool is a reason to refuse some requests, and
 * none to take every instance out of the rotation at once.
 */
@Injectable()
export class DatabaseCheck implements OnApplicationShutdown {
  private pool: Pool | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async check() {
    const indicator = this.indicators.check('database');
    try {
      const { rows } = await this.ownPool().query<{ transaction_read_only: string }>(
        'SHOW transaction_read_only',
      );
      return rows[0]?.transaction_read_only === 'off'
        ? indicator.up()
        : indicator.down('the database is read-only');
    } catch {
      return indicator.down('the database does not answer');
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool?.end();
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
