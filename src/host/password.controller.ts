import { Body, Controller, Get, HttpCode, Post, Req, Res, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { BODIES, InputPipe, Negotiated, Page, pageContextOf, Problem } from '../http/index.js';
import {
  AccountOnPageGuard,
  AssuranceResource,
  factorRequired,
  PostThrottler,
  SignedIn,
  type SignedInCaller,
  TwoFactorPaths,
  TwoFactorService,
} from '../two-factor/index.js';
import { ChangePasswordDto, PasswordResource } from './dto.js';
import { ApiHostProblems, wrongPassword } from './host.problems.js';
import { KnownBrowsers } from './passwords/known-browsers.js';
import { PasswordChanges } from './passwords/password-changes.js';
import { PasswordPage } from './passwords/password.pages.js';
import { normalisePassword } from './passwords/password-rules.js';
import { PasswordSignIn } from './passwords/password-sign-in.js';
import { Users } from './users.service.js';

const HERE = '/account/password';

/** Changes the password of a signed-in user. Requires the current password, and a recently shown factor if there is one. */
@ApiTags('Reference host')
@Negotiated(AccountOnPageGuard, PostThrottler)
@UsePipes(new InputPipe('host'))
@Controller('account/password')
export class PasswordController {
  constructor(
    private readonly users: Users,
    private readonly signIns: PasswordSignIn,
    private readonly passwords: PasswordChanges,
    private readonly browsers: KnownBrowsers,
    private readonly twoFactor: TwoFactorService,
    private readonly paths: TwoFactorPaths,
  ) {}

  @Get()
  @Page(PasswordPage)
  @ApiOperation({ summary: 'The form that changes the password' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems('sign-in-required', 'second-factor-required')
  async form(@SignedIn() caller: SignedInCaller, @Req() request: Request): Promise<AssuranceResource> {
    await this.requireFreshFactor(request);
    return AssuranceResource.of(caller);
  }

  @Post()
  @HttpCode(200)
  @Page(PasswordPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Change the password: ends the user’s other sessions and trusted browsers' })
  @ApiOkResponse({ type: PasswordResource })
  @ApiHostProblems(
    'sign-in-required',
    'second-factor-required',
    'invalid-input',
    'wrong-password',
    'rate-limited',
  )
  async change(
    @SignedIn() caller: SignedInCaller,
    @Body() { currentPassword, password }: ChangePasswordDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PasswordResource> {
    await this.requireFreshFactor(request);
    const user = await this.users.find(caller.userId);
    if (!user) throw Problem.http('forbidden');
    if (!(await this.signIns.confirm(user, currentPassword))) throw wrongPassword();
    if (password === normalisePassword(currentPassword))
      throw Problem.invalidInput('host', [{ field: 'password', code: 'unchanged' }]);
    const changed = await this.passwords.replace(caller, user, password, pageContextOf(request)?.locale);
    if (!changed) throw wrongPassword();
    await this.twoFactor.renew(request, response, changed);
    await this.browsers.remember(request, response, user.id);
    return { status: 'password-changed' };
  }

  /** @throws Problem `second-factor-required` */
  private async requireFreshFactor(request: Request): Promise<void> {
    const missing = await this.twoFactor.missingForChange(request);
    // An old first factor is fine: the user enters the password on this page.
    if (missing && missing !== 'sign-in') throw factorRequired(this.paths, missing, HERE);
  }
}
