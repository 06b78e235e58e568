import type { AdminParts } from '../parts.js';
import { InterventionsController } from './interventions.controller.js';
import { CancelledPage, PersonsPage, RevealedPage } from './interventions.pages.js';
import { Interventions } from './interventions.service.js';

export const INTERVENTION_PARTS: AdminParts = {
  controllers: [InterventionsController],
  providers: [Interventions, PersonsPage, CancelledPage, RevealedPage],
};
