import { Controller, Get, Param, Post, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { Page } from '../../http/index.js';
import { RemovalPage, RemovalResource } from '../enrolment/removal.pages.js';
import { ChangePage } from '../enrolment/settings.pages.js';
import { SettingsResource } from '../enrolment/settings.resource.js';
import { SettingsService } from '../enrolment/settings.service.js';
import { ChangesFactors, FreshForChangeGuard } from '../guard/fresh-for-change.guard.js';
import { ForEnrolment, SignedIn } from '../guard/require-factor.js';
import { SignedInRoutes } from '../guard/signed-in-routes.js';
import type { SignedInCaller } from '../session/assurance.js';
import { ApiProblems, FactorId, ON_A_CHANGE, twoFactorProblem } from '../two-factor.problems.js';
import { TrustedBrowsers } from './trusted-browsers.service.js';

/** Ends the trust in browsers. */
@ApiTags('Two-factor settings')
@ForEnrolment()
@SignedInRoutes()
@Controller('two-factor')
export class TrustedBrowsersController {
  constructor(
    private readonly browsers: TrustedBrowsers,
    private readonly settings: SettingsService,
  ) {}

  @Get('browsers/revoke')
  @UseGuards(FreshForChangeGuard)
  @Page(RemovalPage)
  @ApiOperation({ summary: 'What would be removed; as a page, asks first' })
  @ApiOkResponse({ type: RemovalResource })
  @ApiProblems('sign-in-required', 'second-factor-required', 'unknown-factor')
  removalOfAll(@SignedIn() { userId }: SignedInCaller): Promise<RemovalResource> {
    return this.settings.removalOf(userId, 'browsers');
  }

  @Post('browsers/revoke')
  @ChangesFactors()
  @Page(ChangePage)
  @ApiOperation({ summary: 'Stop trusting all browsers' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE)
  async revokeAll(@SignedIn() { userId }: SignedInCaller): Promise<SettingsResource> {
    await this.browsers.revoke(userId);
    return this.settings.of(userId);
  }

  @Get('browsers/:id/revoke')
  @UseGuards(FreshForChangeGuard)
  @Page(RemovalPage)
  @ApiOperation({ summary: 'What would be removed; as a page, asks first' })
  @ApiOkResponse({ type: RemovalResource })
  @ApiProblems('sign-in-required', 'second-factor-required', 'unknown-factor')
  removal(
    @SignedIn() { userId }: SignedInCaller,
    @Param('id', FactorId) id: string,
  ): Promise<RemovalResource> {
    return this.settings.removalOf(userId, 'browser', id);
  }

  @Post('browsers/:id/revoke')
  @ChangesFactors()
  @Page(ChangePage)
  @ApiOperation({ summary: 'Stop trusting this browser' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor')
  async revoke(
    @SignedIn() { userId }: SignedInCaller,
    @Param('id', FactorId) id: string,
  ): Promise<SettingsResource> {
    if ((await this.browsers.revoke(userId, id)) === 0) throw twoFactorProblem('unknown-factor');
    return this.settings.of(userId);
  }
}
