import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { BackgroundJob } from '../background/background-job.js';
import { rowsOf } from '../database/sql.js';
import { ACTIVITY_DAYS } from './activity/activity.js';
import { KNOWN_BROWSER_DAYS } from './passwords/known-browsers.js';

const EVERY_MS = 15 * 60 * 1000;
const EXPIRED = [
  'DELETE FROM host_sessions WHERE expire < clock_timestamp()',
  `DELETE FROM host_account_links WHERE created_at < now() - interval '1 day'`,
  `DELETE FROM host_failed_passwords WHERE last_failed_at < now() - interval '30 days'`,
  `DELETE FROM host_known_browsers WHERE last_used_at < now() - interval '${KNOWN_BROWSER_DAYS} days'`,
  `DELETE FROM host_activity WHERE at < now() - interval '${ACTIVITY_DAYS} days'`,
];

/** Deletes expired rows, about every 15 minutes. */
@Injectable()
export class HostUpkeep extends BackgroundJob {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    super(EVERY_MS);
  }

  async round(): Promise<void> {
    for (const statement of EXPIRED) await rowsOf(this.dataSource, statement);
  }
}
