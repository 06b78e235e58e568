import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { describeConnection, OpenToAll } from '../../http/index.js';
import { ConnectionResource } from './connection.resource.js';

/** How the application expects to be reached. */
export interface ExpectedConnection {
  /** Over HTTPS only. */
  https: boolean;
  /** The address for people; null where it is not known. */
  publicUrl: string | null;
}

/** Injects {@link ExpectedConnection}. */
export const EXPECTED_CONNECTION = Symbol('EXPECTED_CONNECTION');

/** Shows how requests from outside look, to set up the proxies in front. */
@ApiTags('Health')
@OpenToAll()
@Controller('health')
export class ConnectionController {
  constructor(@Inject(EXPECTED_CONNECTION) private readonly expected: ExpectedConnection) {}

  @Get('connection')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'How this very request looks to the application, to set up the proxies in front' })
  @ApiOkResponse({ type: ConnectionResource })
  connection(@Req() request: Request): ConnectionResource {
    return describeConnection(request, this.expected);
  }
}
