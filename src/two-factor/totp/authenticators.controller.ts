import { Body, Controller, Get, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import type { Request, Response } from 'express';
import { FormTargets, notAPage, Page } from '../../http/index.js';
import { LabelDto } from '../enrolment/label.dto.js';
import { AsksBeforeRemoval, type RemovalResource } from '../enrolment/removal.pages.js';
import { ChangePage } from '../enrolment/settings.pages.js';
import { SettingsResource } from '../enrolment/settings.resource.js';
import { SettingsService } from '../enrolment/settings.service.js';
import { ChangesFactors, FreshForChangeGuard } from '../guard/fresh-for-change.guard.js';
import { ForEnrolment, SignedIn } from '../guard/require-factor.js';
import { SignedInRoutes } from '../guard/signed-in-routes.js';
import type { SignedInCaller } from '../session/assurance.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { TwoFactorService } from '../session/two-factor.service.js';
import { ApiProblems, codeProblem, FactorId, ON_A_CHANGE, twoFactorProblem } from '../two-factor.problems.js';
import { ConfirmAuthenticatorDto, AuthenticatorResource } from './authenticators.dto.js';
import { ConfirmPage, SetupPage } from './authenticators.pages.js';
import { Authenticators } from './authenticators.service.js';
import { TotpFactor } from './totp.factor.js';

/** Enrols authenticator apps and removes them. */
@ApiTags('Two-factor settings')
@ForEnrolment()
@SignedInRoutes()
@Controller('two-factor')
export class AuthenticatorsController {
  constructor(
    private readonly authenticators: Authenticators,
    private readonly totp: TotpFactor,
    private readonly settings: SettingsService,
    private readonly twoFactor: TwoFactorService,
    private readonly paths: TwoFactorPaths,
  ) {}

  @Post('authenticators')
  @ChangesFactors()
  @Page(SetupPage)
  @ApiOperation({ summary: 'Begin to set up an authenticator app: its secret, as text and QR code' })
  @ApiOkResponse({ type: AuthenticatorResource })
  @ApiProblems(...ON_A_CHANGE)
  begin(
    @SignedIn() caller: SignedInCaller,
    @Body() { label = '' }: LabelDto,
  ): Promise<AuthenticatorResource> {
    return this.authenticators.begin(caller, label);
  }

  @FormTargets('authenticators', 'authenticators/confirm')
  formTargets(): never {
    throw notAPage(this.paths.settings);
  }

  @Get('authenticators/new')
  @Page(SetupPage)
  @ApiOperation({ summary: 'The app that is being set up' })
  @ApiOkResponse({ type: AuthenticatorResource })
  @ApiProblems('sign-in-required', 'second-factor-required', 'unknown-factor')
  @UseGuards(FreshForChangeGuard)
  async pending(@SignedIn() caller: SignedInCaller): Promise<AuthenticatorResource> {
    const setup = await this.authenticators.readSetup(caller);
    if (!setup) throw twoFactorProblem('unknown-factor');
    return setup;
  }

  @Post('authenticators/confirm')
  @ChangesFactors()
  @Page(ConfirmPage)
  @ApiOperation({ summary: 'Check the app’s first code: it becomes a factor, and other sessions end' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'wrong-code', 'code-used', 'rate-limited')
  async confirm(
    @SignedIn() caller: SignedInCaller,
    @Body() { otpCode }: ConfirmAuthenticatorDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const isFirst = !(await this.twoFactor.hasFactors(caller.userId));
    const result = await this.totp.confirm(caller, otpCode);
    if (!result.ok) throw codeProblem(result, await this.authenticators.readSetup(caller));
    return this.settings.changed(request, response, {
      userId: caller.userId,
      epoch: result.epoch,
      type: 'authenticator-added',
      shown: isFirst ? { method: this.totp.method } : undefined,
    });
  }

  @AsksBeforeRemoval('authenticators/:id/remove')
  removal(
    @SignedIn() { userId }: SignedInCaller,
    @Param('id', FactorId) id: string,
  ): Promise<RemovalResource> {
    return this.settings.removalOf(userId, 'authenticator', id);
  }

  @Post('authenticators/:id/remove')
  @ChangesFactors()
  @Page(ChangePage)
  @ApiOperation({ summary: 'Remove this app; not the last factor where one is required' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor', 'last-factor')
  async remove(
    @SignedIn() caller: SignedInCaller,
    @Param('id', FactorId) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const epoch = await this.authenticators.remove(caller, id);
    const { userId } = caller;
    return this.settings.changed(request, response, { userId, epoch, type: 'authenticator-removed' });
  }
}
