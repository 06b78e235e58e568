import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  TypeOrmHealthIndicator,
} from '@nestjs/terminus';
import type { Request } from 'express';
import { describeConnection, OpenToAll } from '../../http/index.js';
import { ConnectionResource } from './connection.resource.js';

const DATABASE_TIMEOUT_MS = 2000;

/** How the application expects to be reached. */
export interface ExpectedConnection {
  /** Over HTTPS only. */
  https: boolean;
  /** The address for people; null where it is not known. */
  publicUrl: string | null;
}

/** Injects {@link ExpectedConnection}. */
export const EXPECTED_CONNECTION = Symbol('EXPECTED_CONNECTION');

@ApiTags('Health')
@OpenToAll()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: TypeOrmHealthIndicator,
    @Inject(EXPECTED_CONNECTION) private readonly expected: ExpectedConnection,
  ) {}

  /** The process answers. Restart it when this fails. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** It can serve: the database answers too. Take it out of the rotation when this fails. The provider is no part of it: it being down is no reason to stop serving. */
  @Get('ready')
  @Header('Cache-Control', 'no-store')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.database.pingCheck('database', { timeout: DATABASE_TIMEOUT_MS })]);
  }

  @Get('connection')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'How this very request looks to the application, to set up the proxies in front' })
  @ApiOkResponse({ type: ConnectionResource })
  connection(@Req() request: Request): ConnectionResource {
    return describeConnection(request, this.expected);
  }
}
