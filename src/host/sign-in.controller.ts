import { Body, Controller, Get, HttpCode, Post, Req, Res, UseGuards, UsePipes } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import {
  BODIES,
  FormTargets,
  InputPipe,
  isAnsweredByPage,
  Negotiated,
  notAPage,
  Page,
  pageContextOf,
} from '../http/index.js';
import { AssuranceResource, SkipSecondFactor, TwoFactorService } from '../two-factor/index.js';
import { SignInDto } from './dto.js';
import { ApiHostProblems, signInFailed } from './host.problems.js';
import { HOME, SignInPage, SignOutPage } from './host.pages.js';
import { PasswordGuard } from './local.strategy.js';
import { KnownBrowsers } from './passwords/known-browsers.js';
import { SecureConnectionGuard } from './secure-connection.guard.js';
import { SignInThrottler } from './sign-in.throttler.js';
import type { User } from './user.entity.js';
import { Users } from './users.service.js';

/** Sign-in with a password, the first factor. */
@ApiTags('Reference host')
@SkipSecondFactor()
@Negotiated(SignInThrottler)
@UsePipes(new InputPipe('host'))
@Controller()
export class SignInController {
  constructor(
    private readonly users: Users,
    private readonly browsers: KnownBrowsers,
    private readonly twoFactor: TwoFactorService,
  ) {}

  @Get('sign-in')
  @Page(SignInPage)
  @ApiOperation({ summary: 'The sign-in form; a browser that is signed in is led on' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems('invalid-input')
  async form(@Req() request: Request): Promise<AssuranceResource> {
    const assurance = await this.twoFactor.assurance(request);
    // Who has to type the password again is signed in.
    const isLedOn = isAnsweredByPage(request) && request.query['again'] !== 'yes';
    const next = isLedOn ? this.twoFactor.nextOf(assurance, request.query['returnTo']) : null;
    return AssuranceResource.of(assurance, next ?? undefined);
  }

  @Post('sign-in')
  @HttpCode(200)
  @UseGuards(SecureConnectionGuard, PasswordGuard)
  @Page(SignInPage)
  @ApiConsumes(...BODIES)
  @ApiBody({ type: SignInDto })
  @ApiOperation({ summary: 'Sign in with a password; returns the next step' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems('invalid-input', 'sign-in-failed', 'insecure-connection', 'rate-limited')
  async signIn(
    @Req() request: Request & { user: User },
    @Body() { returnTo }: SignInDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const { user } = request;
    const { assurance, next } = await this.twoFactor.signIn(request, response, user.id, { returnTo });
    // A change of the password ends the sessions before it. This one may be younger, with the password from before.
    if (!(await this.users.hasPassword(user))) {
      await this.twoFactor.signOut(request, response);
      throw signInFailed();
    }
    await this.users.rememberLocale(user, pageContextOf(request)?.locale);
    await this.browsers.remember(request, response, user.id);
    return AssuranceResource.of(assurance, next);
  }

  @FormTargets('sign-out')
  formTargets(): never {
    throw notAPage(HOME);
  }

  @Post('sign-out')
  @HttpCode(204)
  @Page(SignOutPage)
  @ApiOperation({ summary: 'End the session' })
  @ApiNoContentResponse()
  @ApiHostProblems('rate-limited')
  async signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<void> {
    await this.twoFactor.signOut(request, response);
  }
}
