import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import type { Request, Response } from 'express';
import { FormTargets, notAPage, Page, preferredLanguages } from '../../http/index.js';
import { problemOf, resourceOrProblem, VerificationResource } from '../../verification/index.js';
import { ResendDto } from '../challenge/challenge.dto.js';
import type { FactorChange } from '../enrolment/factor-changes.js';
import { LabelDto } from '../enrolment/label.dto.js';
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
import { ApiProblems, FactorId, ON_A_CHANGE, ON_A_CODE, ON_A_MESSAGE } from '../two-factor.problems.js';
import type { EnrolledPhone } from './enrolled-phone.entity.js';
import { EnrolledPhones, maskOf } from './enrolled-phones.service.js';
import { PhoneEnrolment } from './phone-enrolment.service.js';
import { EnrolPhoneDto, ProvePhoneDto, RestartPhoneDto } from './phones.dto.js';
import {
  EnrolPhonePage,
  NewPhonePage,
  PhoneCodePage,
  PhoneResentPage,
  ProvePhonePage,
} from './phones.pages.js';
import { SmsFactor } from './sms.factor.js';

const noticeOf = ({ changed, epoch }: FactorChange<EnrolledPhone>) => ({
  userId: changed.userId,
  epoch,
  detail: maskOf(changed),
});

/** Enrols phones and changes them. */
@ApiTags('Two-factor settings')
@ForEnrolment()
@SignedInRoutes()
@Controller('two-factor')
export class PhonesController {
  constructor(
    private readonly enrolment: PhoneEnrolment,
    private readonly phones: EnrolledPhones,
    private readonly sms: SmsFactor,
    private readonly settings: SettingsService,
    private readonly twoFactor: TwoFactorService,
    private readonly paths: TwoFactorPaths,
  ) {}

  @Get('phones')
  @Page(NewPhonePage)
  @ApiOperation({ summary: 'The form for a number that is to become a factor; as JSON the factors' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems('sign-in-required', 'second-factor-required')
  newPhone(@SignedIn() { userId }: SignedInCaller): Promise<SettingsResource> {
    return this.settings.of(userId);
  }

  @FormTargets('phones/resend', 'phones/restart', 'phones/:id/primary', 'phones/:id/label')
  formTargets(): never {
    throw notAPage(this.paths.settings);
  }

  @Post('phones')
  @ChangesFactors()
  @Page(EnrolPhonePage)
  @ApiOperation({ summary: 'Send a code to a number that is to become a factor' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_CHANGE, ...ON_A_CODE, ...ON_A_MESSAGE, 'number-enrolled', 'too-many-factors')
  async enrol(
    @SignedIn() caller: SignedInCaller,
    @Body() { phoneNumber, country, channel, locale, label, replaces }: EnrolPhoneDto,
    @Req() request: Request,
  ): Promise<VerificationResource> {
    return resourceOrProblem(
      await this.enrolment.start(caller, {
        phoneNumber,
        country,
        channel,
        label,
        replaces,
        locale: locale ?? preferredLanguages(request),
      }),
    );
  }

  @Post('phones/resend')
  @ChangesFactors()
  @Page(PhoneResentPage)
  @ApiOperation({ summary: 'Send a new code for the same request' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_CHANGE, ...ON_A_CODE, ...ON_A_MESSAGE)
  async resend(
    @SignedIn() caller: SignedInCaller,
    @Body() { requestId, channel }: ResendDto,
  ): Promise<VerificationResource> {
    return resourceOrProblem(await this.enrolment.resend(caller, { requestId, channel }));
  }

  @Post('phones/restart')
  @ChangesFactors()
  @Page(PhoneCodePage)
  @ApiOperation({ summary: 'Send a code to the number of an enrolment that is over' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_CHANGE, ...ON_A_CODE, ...ON_A_MESSAGE, 'number-enrolled', 'too-many-factors')
  async restart(
    @SignedIn() caller: SignedInCaller,
    @Body() body: RestartPhoneDto,
  ): Promise<VerificationResource> {
    return resourceOrProblem(await this.enrolment.restart(caller, body));
  }

  @Get('phones/verify')
  @Page(PhoneCodePage)
  @ApiOperation({ summary: 'The code page of an enrolment again, for a reload' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-request')
  async codePage(
    @SignedIn() caller: SignedInCaller,
    @Query() { requestId }: ResendDto,
  ): Promise<VerificationResource> {
    return resourceOrProblem(await this.enrolment.find(caller, requestId));
  }

  @Post('phones/verify')
  @ChangesFactors()
  @Page(ProvePhonePage)
  @ApiOperation({ summary: 'Check the code: the number becomes a factor, and other sessions end' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(
    ...ON_A_CHANGE,
    ...ON_A_CODE,
    'number-taken',
    'number-enrolled',
    'unknown-factor',
    'too-many-factors',
  )
  async prove(
    @SignedIn() caller: SignedInCaller,
    @Body() { requestId, otpCode: code, label, replaces }: ProvePhoneDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const isFirst = !(await this.twoFactor.hasFactors(caller.userId));
    const result = await this.enrolment.finish(caller, { requestId, code, label, replaces });
    if ('code' in result) throw problemOf(result);
    return this.settings.changed(request, response, {
      ...noticeOf(result),
      type: replaces ? 'phone-replaced' : 'phone-added',
      shown: isFirst ? { method: this.sms.method, requestId } : undefined,
    });
  }

  @Post('phones/:id/primary')
  @ChangesFactors()
  @Page(ChangePage)
  @ApiOperation({ summary: 'Prefer this phone' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor')
  async makePrimary(
    @SignedIn() caller: SignedInCaller,
    @Param('id', FactorId) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const change = await this.phones.makePrimary(caller, id);
    return this.settings.changed(request, response, { ...noticeOf(change), type: 'primary-phone-changed' });
  }

  @Post('phones/:id/label')
  @ChangesFactors()
  @Page(ChangePage)
  @ApiOperation({ summary: 'Name this phone' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor')
  async rename(
    @SignedIn() caller: SignedInCaller,
    @Param('id', FactorId) id: string,
    @Body() { label = '' }: LabelDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const change = await this.phones.rename(caller, id, label);
    return this.settings.changed(request, response, { ...noticeOf(change), type: 'phone-renamed' });
  }

  @AsksBeforeRemoval('phones/:id/remove')
  removal(
    @SignedIn() { userId }: SignedInCaller,
    @Param('id', FactorId) id: string,
  ): Promise<RemovalResource> {
    return this.settings.removalOf(userId, 'phone', id);
  }

  @Post('phones/:id/remove')
  @ChangesFactors()
  @Page(ChangePage)
  @ApiOperation({ summary: 'Remove this phone; not the last factor where one is required' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor', 'last-factor')
  async remove(
    @SignedIn() caller: SignedInCaller,
    @Param('id', FactorId) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const change = await this.phones.remove(caller, id);
    return this.settings.changed(request, response, { ...noticeOf(change), type: 'phone-removed' });
  }
}
