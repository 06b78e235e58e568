import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { DeadLettersPage } from './dead-letters.page.js';
import { DeadLetters } from './dead-letters.service.js';

/** The events that the webhook refused too often. */
@Module({
  imports: [AuditModule],
  controllers: [DeadLettersController],
  providers: [DeadLetters, DeadLettersPage],
})
export class DeadLettersModule {}
