import type { AdminParts } from '../parts.js';
import { Retention } from './retention.service.js';

export const RETENTION_PARTS: AdminParts = { controllers: [], providers: [Retention] };
