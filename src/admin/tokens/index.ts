import type { AdminParts } from '../parts.js';
import { TokensController } from './tokens.controller.js';
import { TokensPage } from './tokens.page.js';

export const TOKEN_PARTS: AdminParts = { controllers: [TokensController], providers: [TokensPage] };
