import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { HistoryModule } from '../history/history.module.js';
import { ExportController } from './export.controller.js';
import { HistoryExport } from './history-export.service.js';

/** The history as CSV. */
@Module({
  imports: [AuditModule, HistoryModule],
  controllers: [ExportController],
  providers: [HistoryExport],
})
export class ExportModule {}
