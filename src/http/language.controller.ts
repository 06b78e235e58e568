import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ApiExcludeController } from '../openapi/decorators.js';
import { OpenToAll } from './access.js';
import { ASSETS } from './assets.controller.js';
import { appendCookie, cookieNameFor } from './cookies.js';
import { MountedPaths } from './mounted-paths.js';
import { Negotiated } from './page.js';
import { LANGUAGE_COOKIE } from './preferred-languages.js';
import { safePath } from './safe-path.js';
import { ViewRenderer } from './view-renderer.js';

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

/** The menu of languages on every page of ours. */
@ApiExcludeController()
@OpenToAll()
@Negotiated()
@Controller(`${ASSETS}/language`)
export class LanguageController {
  constructor(
    private readonly renderer: ViewRenderer,
    private readonly paths: MountedPaths,
  ) {}

  /** Opened from the history or the address bar: there is nothing to see. */
  @Get()
  @HttpCode(303)
  leadBack(@Res() response: Response): void {
    response.status(303).location(this.paths.outside('/')).end();
  }

  /** Remembers the language, if it is one of ours, and leads back to the page. */
  @Post()
  @HttpCode(303)
  choose(
    @Body() body: Record<string, unknown> | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): void {
    const { language, returnTo } = body ?? {};
    response.status(303).location(safePath(returnTo, this.paths.outside('/')));
    const chosen = this.renderer.locales.find((locale) => locale === language);
    if (chosen) appendCookie(response, cookieNameFor(request, LANGUAGE_COOKIE), chosen, ONE_YEAR_SECONDS);
    response.end();
  }
}
