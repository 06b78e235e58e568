import type { AdminParts } from '../parts.js';
import { BlocksController } from './blocks.controller.js';
import { BlocksPage } from './blocks.page.js';
import { Blocks } from './blocks.service.js';

export const BLOCK_PARTS: AdminParts = {
  controllers: [BlocksController],
  providers: [Blocks, BlocksPage],
};
