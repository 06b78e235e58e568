import type { AdminParts } from '../parts.js';
import { PolicyController } from './policy.controller.js';
import { PolicyPage } from './policy.page.js';

export const POLICY_PARTS: AdminParts = { controllers: [PolicyController], providers: [PolicyPage] };
