import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ErasureController } from './erasure.controller.js';
import { ErasurePage } from './erasure.page.js';
import { Erasures } from './erasure.service.js';

/** Erases the personal data of a user or a number. */
@Module({
  imports: [AuditModule],
  controllers: [ErasureController],
  providers: [Erasures, ErasurePage],
  exports: [Erasures],
})
export class ErasureModule {}
