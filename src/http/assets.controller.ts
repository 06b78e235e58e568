import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ApiExcludeController } from '../openapi/decorators.js';
import { OpenToAll } from './access.js';
import { Assets } from './assets.js';
import { Landmark } from './mounted-paths.js';
import { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/** Where they are by default. */
export const ASSETS = 'otp-assets';
const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

/** The style sheet, the script and the icon of our pages. */
@ApiExcludeController()
@OpenToAll()
@UseFilters(ProblemFilter)
@Controller(ASSETS)
export class AssetsController {
  constructor(private readonly assets: Assets) {}

  @Get(':address')
  @Landmark(ASSETS)
  file(@Param('address') address: string, @Req() request: Request, @Res() response: Response): void {
    const asset = this.assets.find(address);
    if (!asset) throw Problem.http('not-found');
    const encoding = request.acceptsEncodings('br', 'gzip', 'identity') || 'identity';
    if (encoding !== 'identity') response.set('Content-Encoding', encoding);
    response
      .set('Vary', 'Accept-Encoding')
      .set('X-Content-Type-Options', 'nosniff')
      // Another content has another address.
      .set('Cache-Control', `public, max-age=${ONE_YEAR_SECONDS}, immutable`)
      .type(asset.type)
      .send(asset.bodies[encoding as keyof typeof asset.bodies]);
  }
}
