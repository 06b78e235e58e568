import { Controller, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { Page } from '../../http/index.js';
import { AsksBeforeRemoval, type RemovalResource } from '../enrolment/removal.pages.js';
import { TrustChangePage } from '../enrolment/settings.pages.js';
import { SettingsResource } from '../enrolment/settings.resource.js';
import { SettingsService } from '../enrolment/settings.service.js';
import { ChangesFactors } from '../guard/fresh-for-change.guard.js';
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

  @AsksBeforeRemoval('browsers/revoke')
  removalOfAll(@SignedIn() { userId }: SignedInCaller): Promise<RemovalResource> {
    return this.settings.removalOf(userId, 'browsers');
  }

  @Post('browsers/revoke')
  @ChangesFactors()
  @Page(TrustChangePage)
  @ApiOperation({ summary: 'Stop trusting all browsers' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE)
  async revokeAll(@SignedIn() { userId }: SignedInCaller): Promise<SettingsResource> {
    await this.browsers.revoke(userId);
    return this.settings.of(userId);
  }

  @AsksBeforeRemoval('browsers/:id/revoke')
  removal(
    @SignedIn() { userId }: SignedInCaller,
    @Param('id', FactorId) id: string,
  ): Promise<RemovalResource> {
    return this.settings.removalOf(userId, 'browser', id);
  }

  @Post('browsers/:id/revoke')
  @ChangesFactors()
  @Page(TrustChangePage)
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
