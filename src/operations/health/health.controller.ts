import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { OpenToAll, Problem, problemsDecorator } from '../../http/index.js';
import { DatabaseCheck } from './database-check.js';
import { Drain } from './drain.js';

/** Without Terminus's `@HealthCheck()`, which documents a body of its own for 503: failures are problems here as everywhere. */
const ApiProblems = problemsDecorator({});
const ApiHealthy = () =>
  ApiOkResponse({
    description: 'It is well. `info` has what was checked.',
    schema: {
      type: 'object',
      required: ['status'],
      properties: { status: { enum: ['ok'] }, info: { type: 'object' } },
    },
  });

@ApiTags('Health')
@OpenToAll()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: DatabaseCheck,
    private readonly drain: Drain,
  ) {}

  /** The process answers. Restart it when this fails. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  @ApiProblems()
  @ApiHealthy()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** It can serve: it is not stopping, and the database takes writes and has room for them. Take it out of the rotation when this fails. The provider is no part of it: it being down is no reason to stop serving. */
  @Get('ready')
  @Header('Cache-Control', 'no-store')
  @ApiProblems()
  @ApiHealthy()
  async ready(): Promise<HealthCheckResult> {
    if (this.drain.isDraining) throw Problem.http('service-unavailable', { retryAfterSeconds: 2 });
    return this.health.check([() => this.database.check()]);
  }
}
