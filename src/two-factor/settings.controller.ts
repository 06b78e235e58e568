import { Body, Controller, Get, Inject, Param, Post, Query, Req, Res, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { BODIES, InputPipe, Negotiated, Page } from '../http/index.js';
import {
  originOf,
  resourceOrProblem,
  VERIFICATION_POLICY,
  type VerificationPolicy,
  VerificationResource,
} from '../verification/index.js';
import { type Assurance, sessionOf } from './assurance/assurance.js';
import { ResendDto } from './dto/challenge.dto.js';
import { EnrolPhoneDto, LabelDto, ProvePhoneDto } from './dto/enrolment.dto.js';
import { SettingsResource } from './dto/resources.js';
import { ChangesFactors } from './guard/fresh-for-change.guard.js';
import { PostThrottler } from './guard/post-throttler.js';
import { CurrentAssurance, ForEnrolment } from './guard/require-factor.js';
import { EnrolPage, ProvePage, SettingsPage } from './pages/settings.pages.js';
import { EnrolledPhones, maskOf, type PhoneChange } from './phones/enrolled-phones.service.js';
import { SmsFactor } from './phones/sms.factor.js';
import { TrustedBrowsers } from './trusted-browsers/trusted-browsers.service.js';
import { FactorSettings } from './factor-settings.js';
import {
  ApiProblems,
  known,
  ON_A_CHANGE,
  ON_A_CODE,
  ON_A_MESSAGE,
  twoFactorProblem,
} from './two-factor.problems.js';
import { TwoFactorService } from './two-factor.service.js';

const about = ({ phone, epoch }: PhoneChange) => ({ userId: phone.userId, epoch, detail: maskOf(phone) });

/** The user's phones and trusted browsers. Every change wants a factor shown just now. */
@ApiTags('Two-factor settings')
@ForEnrolment()
@Negotiated(PostThrottler)
@UsePipes(new InputPipe('two-factor'))
@Controller('two-factor')
export class SettingsController {
  constructor(
    private readonly settings: FactorSettings,
    private readonly phones: EnrolledPhones,
    private readonly browsers: TrustedBrowsers,
    private readonly sms: SmsFactor,
    private readonly twoFactor: TwoFactorService,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  @Get('settings')
  @Page(SettingsPage)
  @ApiOperation({ summary: 'The user’s factors, recovery codes and trusted browsers' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems('sign-in-required', 'second-factor-required')
  show(@CurrentAssurance() { userId }: Assurance): Promise<SettingsResource> {
    return this.settings.of(userId!);
  }

  @Post('phones')
  @ChangesFactors()
  @Page(EnrolPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a code to a number that is to become a factor' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_CHANGE, ...ON_A_CODE, ...ON_A_MESSAGE, 'number-enrolled', 'too-many-factors')
  async enrol(
    @CurrentAssurance() assurance: Assurance,
    @Body() { phoneNumber, country }: EnrolPhoneDto,
    @Req() request: Request,
  ): Promise<VerificationResource> {
    const result = await this.phones.enrol(sessionOf(assurance), {
      phoneNumber,
      origin: originOf(request),
      ...(country ? { country } : {}),
    });
    return resourceOrProblem(result, this.policy.maxSends);
  }

  @Post('phones/resend')
  @ChangesFactors()
  @Page(ProvePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send it again' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_CHANGE, ...ON_A_CODE, ...ON_A_MESSAGE)
  async resend(
    @CurrentAssurance() assurance: Assurance,
    @Body() { requestId, channel }: ResendDto,
    @Req() request: Request,
  ): Promise<VerificationResource> {
    const result = await this.phones.resendEnrolment(sessionOf(assurance), {
      requestId,
      origin: originOf(request),
      ...(channel ? { channel } : {}),
    });
    return resourceOrProblem(result, this.policy.maxSends);
  }

  @Get('phones/verify')
  @Page(ProvePage)
  @ApiOperation({ summary: 'The code page of an enrolment again, for a reload' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-request')
  async proof(
    @CurrentAssurance() assurance: Assurance,
    @Query() { requestId }: ResendDto,
  ): Promise<VerificationResource> {
    const found = await this.phones.findEnrolment(sessionOf(assurance), requestId);
    return resourceOrProblem(found, this.policy.maxSends);
  }

  @Post('phones/verify')
  @ChangesFactors()
  @Page(ProvePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Check that code: from then on the number is a factor, and other sessions end' })
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
    @CurrentAssurance() assurance: Assurance,
    @Body() body: ProvePhoneDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const { requestId, otpCode, label = '', replaces } = body;
    const session = sessionOf(assurance);
    const isFirst = !(await this.twoFactor.hasFactors(session.userId));
    const { result, change } = await this.phones.prove(session, {
      requestId,
      code: otpCode,
      label,
      ...(replaces ? { replaces } : {}),
    });
    resourceOrProblem(result, this.policy.maxSends);
    if (change) {
      await this.settings.changed(request, response, {
        ...about(change),
        type: replaces ? 'phone-replaced' : 'phone-added',
        shown: isFirst ? { method: this.sms.method, requestId } : null,
      });
    }
    return this.settings.of(session.userId);
  }

  @Post('phones/:id/primary')
  @ChangesFactors()
  @Page(SettingsPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Prefer this phone' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor')
  async makePrimary(
    @CurrentAssurance() assurance: Assurance,
    @Param('id') id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const change = await this.phones.makePrimary(sessionOf(assurance), known(id));
    await this.settings.changed(request, response, { ...about(change), type: 'primary-phone-changed' });
    return this.settings.of(change.phone.userId);
  }

  @Post('phones/:id/label')
  @ChangesFactors()
  @Page(SettingsPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Name this phone' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor')
  async rename(
    @CurrentAssurance() assurance: Assurance,
    @Param('id') id: string,
    @Body() { label = '' }: LabelDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const change = await this.phones.rename(sessionOf(assurance), known(id), label);
    await this.settings.changed(request, response, { ...about(change), type: 'phone-renamed' });
    return this.settings.of(change.phone.userId);
  }

  @Post('phones/:id/remove')
  @ChangesFactors()
  @Page(SettingsPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Remove this phone; not the last factor where one is required' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor', 'last-factor')
  async remove(
    @CurrentAssurance() assurance: Assurance,
    @Param('id') id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SettingsResource> {
    const session = sessionOf(assurance);
    const mayBeLast = await this.twoFactor.mayHaveNone(session.userId);
    const change = await this.phones.remove(session, known(id), mayBeLast);
    await this.settings.changed(request, response, { ...about(change), type: 'phone-removed' });
    return this.settings.of(session.userId);
  }

  @Post('browsers/revoke')
  @ChangesFactors()
  @Page(SettingsPage)
  @ApiOperation({ summary: 'Trust no browser any more' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE)
  async revokeAll(@CurrentAssurance() { userId }: Assurance): Promise<SettingsResource> {
    await this.browsers.revoke(userId!);
    return this.settings.of(userId!);
  }

  @Post('browsers/:id/revoke')
  @ChangesFactors()
  @Page(SettingsPage)
  @ApiOperation({ summary: 'Do not trust this browser any more' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems(...ON_A_CHANGE, 'unknown-factor')
  async revoke(
    @CurrentAssurance() { userId }: Assurance,
    @Param('id') id: string,
  ): Promise<SettingsResource> {
    if ((await this.browsers.revoke(userId!, known(id))) === 0) throw twoFactorProblem('unknown-factor');
    return this.settings.of(userId!);
  }
}
