import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { BackgroundJob } from '../../background/background-job.js';
import { rowsOf } from '../../database/sql.js';

const EVERY_MS = 60_000;

/**
 * Remembers which API tokens were used, and writes it down about once a minute: tokens are shown with a GET, too, and a GET
 * writes nothing. An instance that is killed forgets its last minute.
 */
@Injectable()
export class TokenUses extends BackgroundJob {
  private used = new Set<string>();

  constructor(@InjectLibraryDataSource() private readonly dataSource: DataSource) {
    super(EVERY_MS);
  }

  override async beforeApplicationShutdown(): Promise<void> {
    await super.beforeApplicationShutdown();
    // Not worth a failed shutdown.
    await this.write().catch(() => undefined);
  }

  protected round(): Promise<void> {
    return this.write();
  }

  note(id: string): void {
    this.used.add(id);
  }

  async write(): Promise<void> {
    if (this.used.size === 0) return;
    const ids = [...this.used];
    this.used = new Set();
    await rowsOf(
      this.dataSource,
      'UPDATE otp_api_tokens SET last_used_at = clock_timestamp() WHERE id = ANY($1::uuid[])',
      [ids],
    );
  }
}
