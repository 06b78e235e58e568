import type { AdminParts } from '../parts.js';
import { JournalRetention } from './journal-retention.service.js';
import { Retention } from './retention.service.js';

export const RETENTION_PARTS: AdminParts = { controllers: [], providers: [JournalRetention, Retention] };
