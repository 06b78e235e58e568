import { Body, Controller, Get, HttpCode, Post, Query, Req, Res, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { BODIES, InputPipe, Negotiated, Page, pageContextOf } from '../http/index.js';
import { AssuranceResource, SkipSecondFactor, TwoFactorService } from '../two-factor/index.js';
import {
  ChoosePasswordDto,
  EmailDto,
  LinkQuery,
  LinkResource,
  MailedResource,
  PasswordResource,
} from './dto.js';
import { ApiHostProblems, invalidLink } from './host.problems.js';
import { KnownBrowsers } from './passwords/known-browsers.js';
import { PasswordChanges } from './passwords/password-changes.js';
import { PasswordResetFinishPage, PasswordResetPage } from './passwords/password.pages.js';
import { SignInThrottler } from './sign-in.throttler.js';

/** Resets a forgotten password. A reset does not sign in, and does not replace the second factor. */
@ApiTags('Reference host')
@SkipSecondFactor()
@Negotiated(SignInThrottler)
@UsePipes(new InputPipe('host'))
@Controller('password-reset')
export class PasswordResetController {
  constructor(
    private readonly passwords: PasswordChanges,
    private readonly browsers: KnownBrowsers,
    private readonly twoFactor: TwoFactorService,
  ) {}

  @Get()
  @Page(PasswordResetPage)
  @ApiOperation({ summary: 'The form that asks for the address' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems('invalid-input')
  async form(@Req() request: Request): Promise<AssuranceResource> {
    return AssuranceResource.of(await this.twoFactor.assurance(request));
  }

  @Post()
  @HttpCode(200)
  @Page(PasswordResetPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a link to the address; the response is the same if it has no account' })
  @ApiOkResponse({ type: MailedResource })
  @ApiHostProblems('invalid-input', 'rate-limited', 'email-unavailable')
  async request(@Body() { email }: EmailDto, @Req() request: Request): Promise<MailedResource> {
    await this.passwords.requestReset(email, pageContextOf(request)?.locale);
    return { status: 'check-your-mail' };
  }

  @Get('finish')
  @Page(PasswordResetFinishPage)
  @ApiOperation({ summary: 'The form for a new password; the link in the email leads here' })
  @ApiOkResponse({ type: LinkResource })
  @ApiHostProblems('invalid-input', 'invalid-link')
  async finishForm(@Query() { token }: LinkQuery): Promise<LinkResource> {
    if (!(await this.passwords.isResetLink(token))) throw invalidLink();
    return { status: 'choose-password' };
  }

  @Post('finish')
  @HttpCode(200)
  @Page(PasswordResetFinishPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Set a new password and end all sessions of the user' })
  @ApiOkResponse({ type: PasswordResource })
  @ApiHostProblems('invalid-input', 'invalid-link', 'rate-limited')
  async finish(
    @Req() request: Request,
    @Body() { token, password }: ChoosePasswordDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PasswordResource> {
    const userId = await this.passwords.reset(token, password, pageContextOf(request)?.locale);
    if (!userId) throw invalidLink();
    // Wrong passwords from other browsers cannot lock this one out.
    await this.browsers.remember(request, response, userId);
    return { status: 'password-changed' };
  }
}
