import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Param, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '../openapi/decorators.js';
import type { Response } from 'express';
import { OpenToAll } from './access.js';
import { Landmark } from './mounted-paths.js';
import { PACKAGE_ROOT } from './package-root.js';
import { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/** Where they are by default. */
export const ASSETS = 'otp-assets';
const DIRECTORY = join(PACKAGE_ROOT, 'public', 'assets');
const NAMES = readdirSync(DIRECTORY);

/** The style sheet, the script and the icon of our pages. */
@ApiExcludeController()
@OpenToAll()
@UseFilters(ProblemFilter)
@Controller(ASSETS)
export class AssetsController {
  @Get(':name')
  @Landmark(ASSETS)
  file(@Param('name') name: string, @Res() response: Response): void {
    if (!NAMES.includes(name)) throw Problem.http('not-found');
    response.set('X-Content-Type-Options', 'nosniff').sendFile(name, { root: DIRECTORY, maxAge: '1h' });
  }
}
