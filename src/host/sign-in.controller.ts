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
import { BODIES, inputPipe, Negotiated, Page } from '../http/index.js';
import { AssuranceResource, SkipSecondFactor, TwoFactorService } from '../two-factor/index.js';
import { SignInDto, SignUpDto } from './dto.js';
import { ApiHostProblems, emailTaken } from './host.problems.js';
import { SignInPage, SignOutPage, SignUpPage } from './host.pages.js';
import { PasswordGuard } from './local.strategy.js';
import { SignInThrottler } from './sign-in.throttler.js';
import type { User } from './user.entity.js';
import { Users } from './users.service.js';

/** The first factor: what a team would have already. */
@ApiTags('Reference host')
@SkipSecondFactor()
@Negotiated(SignInThrottler)
@UsePipes(inputPipe)
@Controller()
export class SignInController {
  constructor(
    private readonly users: Users,
    private readonly twoFactor: TwoFactorService,
  ) {}

  @Get('sign-in')
  @Page(SignInPage)
  @ApiOperation({ summary: 'The sign-in form' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems('invalid-input')
  async form(@Req() request: Request): Promise<AssuranceResource> {
    return AssuranceResource.of(await this.twoFactor.assurance(request));
  }

  @Post('sign-in')
  @HttpCode(200)
  @UseGuards(PasswordGuard)
  @Page(SignInPage)
  @ApiConsumes(...BODIES)
  @ApiBody({ type: SignInDto })
  @ApiOperation({ summary: 'Show the password; says what is next' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems('invalid-input', 'sign-in-failed', 'rate-limited')
  signIn(
    @Req() request: Request & { user: User },
    @Body() { returnTo }: SignInDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    return this.begin(request, response, request.user, returnTo);
  }

  @Get('sign-up')
  @Page(SignUpPage)
  @ApiOperation({ summary: 'The sign-up form' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems('invalid-input')
  signUpForm(@Req() request: Request): Promise<AssuranceResource> {
    return this.form(request);
  }

  @Post('sign-up')
  @HttpCode(200)
  @Page(SignUpPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Make an account, and sign in' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems('invalid-input', 'email-taken', 'rate-limited')
  async signUp(
    @Req() request: Request,
    @Body() { email, password }: SignUpDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const user = await this.users.create(email, password);
    if (!user) throw emailTaken();
    return this.begin(request, response, user);
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

  private async begin(
    request: Request,
    response: Response,
    user: User,
    returnTo?: string,
  ): Promise<AssuranceResource> {
    const { assurance, next } = await this.twoFactor.signIn(request, response, user.id, { returnTo });
    return AssuranceResource.of(assurance, next);
  }
}
