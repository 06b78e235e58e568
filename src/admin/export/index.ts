import type { AdminParts } from '../parts.js';
import { ExportController } from './export.controller.js';
import { HistoryExport } from './history-export.service.js';

export const EXPORT_PARTS: AdminParts = { controllers: [ExportController], providers: [HistoryExport] };
