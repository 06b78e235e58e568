import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { InterventionsController } from './interventions.controller.js';
import { CancelledPage, PersonsPage, RevealedPage } from './interventions.pages.js';
import { Interventions } from './interventions.service.js';

/** What administrators do about one request or one person. */
@Module({
  imports: [AuditModule],
  controllers: [InterventionsController],
  providers: [Interventions, PersonsPage, CancelledPage, RevealedPage],
  exports: [Interventions],
})
export class InterventionsModule {}
