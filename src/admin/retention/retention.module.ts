import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { StatisticsModule } from '../statistics/statistics.module.js';
import { JournalRetention } from './journal-retention.service.js';
import { Retention } from './retention.service.js';

/** Deletes rows that are older than the retention periods. */
@Module({
  imports: [AuditModule, StatisticsModule],
  providers: [JournalRetention, Retention],
  exports: [Retention],
})
export class RetentionModule {}
