import { Body, Controller, Get, Param, Post, Req, Res, UseGuards, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { BODIES, InputPipe, Negotiated, Page } from '../http/index.js';
import { type Assurance, sessionOf } from './assurance/assurance.js';
import { ConfirmAuthenticatorDto, LabelDto } from './dto/enrolment.dto.js';
import { AuthenticatorResource, RecoveryCodesResource, SettingsResource } from './dto/resources.js';
import { FactorSettings } from './factor-settings.js';
import { TotpFactor } from './factors/totp.factor.js';
import { ChangesFactors, FreshForChangeGuard } from './guard/fresh-for-change.guard.js';
import { PostThrottler } from './guard/post-throttler.js';
import { CurrentAssurance, ForEnrolment } from './guard/require-factor.js';
import { AuthenticatorPage, RecoveryCodesPage, SettingsPage } from './pages/settings.pages.js';
import { RecoveryCodes } from './recovery-codes/recovery-codes.service.js';
import { ApiProblems, codeProblem, known, ON_A_CHANGE, twoFactorProblem } from './two-factor.problems.js';
import { TwoFactorService } from './two-factor.service.js';

/** Factors that need no message: authenticator apps and the sheet of recovery codes. */
@ApiTags('Two-factor settings')
@ForEnrolment()
@Negotiated(PostThrottler)
@UsePipes(new InputPipe('two-factor'))
@Controller('two-factor')
export class OwnFactorsController {
  constructor(
    private readonly settings: FactorSettings,
    private readonly recovery: RecoveryCodes,
    private readonly totp: TotpFactor,
    private readonly twoFactor: TwoFactorService,
  ) {}

  @Post('recovery-codes')
  @ChangesFactors()
  @Page(RecoveryCodesPage)
  @ApiOperation({
    summary: 'Ten new recovery codes, shown this once; earlier ones are worth nothing any more',
  })
  @ApiOkResponse({ type: RecoveryCodesResource })
  @ApiProblems(...ON_A_CHANGE)
  async regenerate(
    @CurrentAssurance() assurance: Assurance,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RecoveryCodesResource> {
    const session = sessionOf(assurance);
    const { codes, epoch } = await this.recovery.regenerate(session);
    await this.settings.changed(request, response, {
      userId: session.userId,
      epoch,
      type: 'recovery-codes-made',
    });
    return { recoveryCodes: codes };
  }

  @Post('authenticators')
  @ChangesFactors()
  @Page(AuthenticatorPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Begin to set up an authenticator app: its secret, as text and QR code' })
  @ApiOkResponse({ type: AuthenticatorResource })
  @ApiProblems(...ON_A_CHANGE)
  begin(
    @CurrentAssurance() assurance: Assurance,
    @Body() { label = '' }: LabelDto,
  ): Promise<AuthenticatorResource> {
    return this.totp.begin(sessionOf(assurance), label);
  }

  @Get('authenticators/new')
  @Page(AuthenticatorPage)
  @ApiOperation({ summary: 'The app that is being set up' })
  @ApiOkResponse({ type: AuthenticatorResource })
  @ApiProblems('sign-in-required', 'second-factor-required', 'unknown-factor')
  @UseGuards(FreshForChangeGuard)
  async pending(@CurrentAssurance() assurance: Assurance): Promise<AuthenticatorResource> {
    const pending = await this.totp.pending(sessionOf(assurance));
    if (!pending) throw twoFactorProblem('unknown-factor');
    return pending;
  }

  @Post('authenticators/confirm')
  @ChangesFactors()
  @Page(AuthenticatorPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({
    summary: 'The app shows its first code: from then on it is a factor, and other sessions end',
  })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'wrong-code', 'rate-limited')
  async confirm(
    @CurrentAssurance() assurance: Assurance,
    @Body() body: ConfirmAuthenticatorDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const session = sessionOf(assurance);
    const { userId } = session;
    const isFirst = !(await this.twoFactor.hasFactors(userId));
    const by = await this.twoFactor.factorCaller(request);
    const confirmed = await this.totp.confirm(session, body.otpCode, by);
    if (!('epoch' in confirmed)) throw codeProblem(confirmed, await this.totp.pending(session));
    await this.settings.changed(request, response, {
      userId,
      epoch: confirmed.epoch,
      type: 'authenticator-added',
      shown: isFirst ? { method: this.totp.method } : null,
    });
    return this.settings.of(userId);
  }

  @Post('authenticators/:id/remove')
  @ChangesFactors()
  @Page(SettingsPage)
  @ApiOperation({ summary: 'Remove this app; not the last factor where one is required' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor', 'last-factor')
  async remove(
    @CurrentAssurance() assurance: Assurance,
    @Param('id') id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const session = sessionOf(assurance);
    const { userId } = session;
    const epoch = await this.totp.remove(session, known(id), await this.twoFactor.mayHaveNone(userId));
    if (epoch === null) throw twoFactorProblem('unknown-factor');
    await this.settings.changed(request, response, { userId, epoch, type: 'authenticator-removed' });
    return this.settings.of(userId);
  }
}
