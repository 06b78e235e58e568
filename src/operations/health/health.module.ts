import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import {
  ConnectionController,
  EXPECTED_CONNECTION,
  type ExpectedConnection,
} from './connection.controller.js';
import { DatabaseCheck } from './database-check.js';
import { Drain } from './drain.js';
import { HealthController } from './health.controller.js';

/** Health checks, and how requests from outside look. */
@Module({})
export class HealthModule {
  static forRoot(expected: ExpectedConnection): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController, ConnectionController],
      providers: [DatabaseCheck, Drain, { provide: EXPECTED_CONNECTION, useValue: expected }],
    };
  }
}
