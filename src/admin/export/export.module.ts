import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { HistoryModule } from '../history/history.module.js';
import { ExportController } from './export.controller.js';
import { HistoryExport } from './history-export.service.js';
import { RefusedExportFilter } from './refused-export.filter.js';

/** The history as CSV. */
@Module({
  imports: [AuditModule, HistoryModule],
  controllers: [ExportController],
  providers: [HistoryExport, RefusedExportFilter],
})
export class ExportModule {}
