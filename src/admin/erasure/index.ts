import type { AdminParts } from '../parts.js';
import { ErasureController, ErasurePage } from './erasure.controller.js';
import { Erasures } from './erasure.service.js';

export const ERASURE_PARTS: AdminParts = {
  controllers: [ErasureController],
  providers: [Erasures, ErasurePage],
};
