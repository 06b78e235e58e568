import { Body, Controller, Get, HttpCode, Post, Query, Req, Res, UseGuards, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { BODIES, InputPipe, isAnsweredByPage, Negotiated, Page, pageContextOf } from '../http/index.js';
import { AssuranceResource, SkipSecondFactor, TwoFactorService } from '../two-factor/index.js';
import { ChoosePasswordDto, EmailDto, LinkQuery, LinkResource, MailedResource } from './dto.js';
import { ApiHostProblems, invalidLink } from './host.problems.js';
import { KnownBrowsers } from './passwords/known-browsers.js';
import { SignUpFinishPage, SignUpPage } from './passwords/password.pages.js';
import { SignUps } from './passwords/sign-ups.js';
import { SecureConnectionGuard } from './secure-connection.guard.js';
import { SignInThrottler } from './sign-in.throttler.js';
import { Users } from './users.service.js';

/** Creates an account: the user enters an address, opens the link in the email and chooses a password. */
@ApiTags('Reference host')
@SkipSecondFactor()
@Negotiated(SignInThrottler)
@UsePipes(new InputPipe('host'))
@Controller('sign-up')
export class SignUpController {
  constructor(
    private readonly signUps: SignUps,
    private readonly users: Users,
    private readonly browsers: KnownBrowsers,
    private readonly twoFactor: TwoFactorService,
  ) {}

  @Get()
  @Page(SignUpPage)
  @ApiOperation({ summary: 'The sign-up form; a browser that is signed in is led on' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems('invalid-input')
  async form(@Req() request: Request): Promise<AssuranceResource> {
    const assurance = await this.twoFactor.assurance(request);
    const next = isAnsweredByPage(request)
      ? this.twoFactor.nextOf(assurance, request.query['returnTo'])
      : null;
    return AssuranceResource.of(assurance, next ?? undefined);
  }

  @Post()
  @HttpCode(200)
  @UseGuards(SecureConnectionGuard)
  @Page(SignUpPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({
    summary: 'Send a link to the address; the response is the same if it already has an account',
  })
  @ApiOkResponse({ type: MailedResource })
  @ApiHostProblems('invalid-input', 'insecure-connection', 'rate-limited', 'email-unavailable')
  async request(@Body() { email }: EmailDto, @Req() request: Request): Promise<MailedResource> {
    await this.signUps.request(email, pageContextOf(request)?.locale);
    return { status: 'check-your-mail' };
  }

  @Get('finish')
  @Page(SignUpFinishPage)
  @ApiOperation({ summary: 'The form for a password; the link in the email leads here' })
  @ApiOkResponse({ type: LinkResource })
  @ApiHostProblems('invalid-input', 'invalid-link')
  async finishForm(@Query() { token }: LinkQuery): Promise<LinkResource> {
    if (!(await this.signUps.isLink(token))) throw invalidLink();
    return { status: 'choose-password' };
  }

  @Post('finish')
  @HttpCode(200)
  @UseGuards(SecureConnectionGuard)
  @Page(SignUpFinishPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Choose the password, create the account and sign in' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems('invalid-input', 'invalid-link', 'insecure-connection', 'rate-limited')
  async finish(
    @Req() request: Request,
    @Body() { token, password }: ChoosePasswordDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const user = await this.signUps.finish(token, password);
    if (!user) throw invalidLink();
    await this.users.rememberLocale(user, pageContextOf(request)?.locale);
    await this.browsers.remember(request, response, user.id);
    const { assurance, next } = await this.twoFactor.signIn(request, response, user.id);
    return AssuranceResource.of(assurance, next);
  }
}
