import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { OpenToAll, Problem } from '../../http/index.js';
import { DatabaseCheck } from './database-check.js';
import { Drain } from './drain.js';

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
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** It can serve: it is not stopping, and the database takes writes. Take it out of the rotation when this fails. The provider is no part of it: it being down is no reason to stop serving. */
  @Get('ready')
  @Header('Cache-Control', 'no-store')
  @HealthCheck()
  async ready(): Promise<HealthCheckResult> {
    if (this.drain.isDraining) throw Problem.http('service-unavailable', { retryAfterSeconds: 2 });
    return this.health.check([() => this.database.check()]);
  }
}
