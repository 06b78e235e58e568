import { Module } from '@nestjs/common';
import { PolicyController } from './policy.controller.js';
import { PolicyPage } from './policy.page.js';

/** The rules in force, and what they would say to a start. */
@Module({
  controllers: [PolicyController],
  providers: [PolicyPage],
})
export class PolicyModule {}
