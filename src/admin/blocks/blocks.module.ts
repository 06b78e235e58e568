import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { BlocksController } from './blocks.controller.js';
import { BlockLiftedPage, BlocksPage } from './blocks.page.js';
import { Blocks } from './blocks.service.js';

/** The block list, and the destinations that were stopped automatically. */
@Module({
  imports: [AuditModule],
  controllers: [BlocksController],
  providers: [Blocks, BlocksPage, BlockLiftedPage],
  exports: [Blocks],
})
export class BlocksModule {}
