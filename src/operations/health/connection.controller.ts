import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request } from 'express';
import { type ConnectionReport, describeConnection, OpenToAll } from '../../http/index.js';

/** How the application expects to be reached. */
export interface ExpectedConnection {
  /** Over HTTPS only. */
  https: boolean;
  /** The address for people; null where it is not known. */
  publicUrl: string | null;
}

/** Injects {@link ExpectedConnection}. */
export const EXPECTED_CONNECTION = Symbol('EXPECTED_CONNECTION');

/** Shows how requests from outside look, to set up the proxies in front. For operators, so not in the API's description. */
@ApiExcludeController()
@OpenToAll()
@Controller('health')
export class ConnectionController {
  constructor(@Inject(EXPECTED_CONNECTION) private readonly expected: ExpectedConnection) {}

  @Get('connection')
  @Header('Cache-Control', 'no-store')
  connection(@Req() request: Request): ConnectionReport {
    return describeConnection(request, this.expected);
  }
}
