import { Body, Controller, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { FormTargets, notAPage, Page } from '../../http/index.js';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { AsksBeforeRemoval, type RemovalResource } from '../enrolment/removal.pages.js';
import { ChangePage } from '../enrolment/settings.pages.js';
import { SettingsResource } from '../enrolment/settings.resource.js';
import { SettingsService } from '../enrolment/settings.service.js';
import { ChangesFactors } from '../guard/fresh-for-change.guard.js';
import { ForEnrolment, SignedIn } from '../guard/require-factor.js';
import { SignedInRoutes } from '../guard/signed-in-routes.js';
import type { SignedInCaller } from '../session/assurance.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { TwoFactorService } from '../session/two-factor.service.js';
import { ApiProblems, FactorId, ON_A_CHANGE } from '../two-factor.problems.js';
import { PasskeyFactor } from './passkey.factor.js';
import { AddPasskeyDto, PasskeyOptionsResource } from './passkeys.dto.js';
import { Passkeys } from './passkeys.service.js';

/** Adds passkeys and removes them. */
@ApiTags('Two-factor settings')
@ForEnrolment()
@SignedInRoutes()
@Controller('two-factor')
export class PasskeysController {
  constructor(
    private readonly passkeys: Passkeys,
    private readonly factor: PasskeyFactor,
    private readonly settings: SettingsService,
    private readonly twoFactor: TwoFactorService,
    private readonly paths: TwoFactorPaths,
  ) {}

  @FormTargets('passkeys')
  formTargets(): never {
    throw notAPage(this.paths.settings);
  }

  @Post('passkeys/options')
  @ChangesFactors()
  @ApiOperation({ summary: 'What the browser needs to make a passkey' })
  @ApiOkResponse({ type: PasskeyOptionsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor')
  options(@SignedIn() caller: SignedInCaller, @Req() request: Request): Promise<PasskeyOptionsResource> {
    return this.passkeys.registrationOptions(request, caller);
  }

  @Post('passkeys')
  @ChangesFactors()
  @Page(ChangePage)
  @ApiOperation({ summary: 'Check what the browser made: it becomes a factor, and other sessions end' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor', 'passkey-rejected', 'too-many-factors')
  async add(
    @SignedIn() caller: SignedInCaller,
    @Body() { response: made, label }: AddPasskeyDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const isFirst = !(await this.twoFactor.hasFactors(caller.userId));
    const { epoch, label: detail } = await this.passkeys.register(request, caller, made, label);
    return this.settings.changed(request, response, {
      userId: caller.userId,
      epoch,
      type: 'passkey-added',
      detail,
      shown: isFirst ? { method: this.factor.method } : undefined,
    });
  }

  @AsksBeforeRemoval('passkeys/:id/remove')
  removal(
    @SignedIn() { userId }: SignedInCaller,
    @Param('id', FactorId) id: string,
  ): Promise<RemovalResource> {
    return this.settings.removalOf(userId, 'passkey', id);
  }

  @Post('passkeys/:id/remove')
  @ChangesFactors()
  @Page(ChangePage)
  @ApiOperation({ summary: 'Remove this passkey; not the last factor where one is required' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor', 'last-factor')
  async remove(
    @SignedIn() caller: SignedInCaller,
    @Param('id', FactorId) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const { epoch, label: detail } = await this.passkeys.remove(caller, id);
    const { userId } = caller;
    return this.settings.changed(request, response, { userId, epoch, type: 'passkey-removed', detail });
  }
}
