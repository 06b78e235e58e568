import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { BODIES, Page } from '../../http/index.js';
import { FirstFactorOnly, SignedIn } from '../guard/require-factor.js';
import { TwoFactorRoutes } from '../guard/two-factor-routes.js';
import type { SignedInCaller } from '../session/assurance.js';
import { AssuranceResource } from '../session/assurance.resource.js';
import { SECOND_FACTOR } from '../sms/sms.factor.js';
import { ApiProblems, ON_A_CODE, ON_A_MESSAGE } from '../two-factor.problems.js';
import { ChallengeDto, ResendDto, ReturnDto, ShowCodeDto, ShowOwnCodeDto } from './challenge.dto.js';
import { ChoosePage, CodePage, OwnCodePage, ResentPage, SendPage, VerifyPage } from './challenge.pages.js';
import { ChallengeResource, FactorsResource } from './challenge.resources.js';
import { ChallengeService } from './challenge.service.js';

const SIGN_IN = { purpose: SECOND_FACTOR };

/** Shows a second factor, at sign-in or later when a route demands a recent one. */
@ApiTags('Two-factor sign-in')
@FirstFactorOnly()
@TwoFactorRoutes()
@Controller('two-factor')
export class ChallengeController {
  constructor(private readonly challenges: ChallengeService) {}

  @Get()
  @Page(ChoosePage)
  @ApiOperation({ summary: 'The second factors that the user can show; sends nothing' })
  @ApiOkResponse({ type: FactorsResource })
  @ApiProblems('invalid-input', 'sign-in-required')
  choose(@SignedIn() caller: SignedInCaller, @Query() { returnTo }: ReturnDto): Promise<FactorsResource> {
    return this.challenges.choices(caller, SIGN_IN, returnTo);
  }

  @Post('challenge')
  @HttpCode(200)
  @Page(SendPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a code to one of the user’s phones' })
  @ApiOkResponse({ type: ChallengeResource })
  @ApiProblems(...ON_A_CODE, ...ON_A_MESSAGE)
  challenge(@SignedIn() caller: SignedInCaller, @Body() body: ChallengeDto): Promise<ChallengeResource> {
    return this.challenges.send(caller, SIGN_IN, body);
  }

  @Get('verify')
  @Page(CodePage)
  @ApiOperation({ summary: 'The code page again, for a reload' })
  @ApiOkResponse({ type: ChallengeResource })
  @ApiProblems('invalid-input', 'sign-in-required', 'unknown-request')
  codePage(@SignedIn() caller: SignedInCaller, @Query() query: ResendDto): Promise<ChallengeResource> {
    return this.challenges.find(caller, SIGN_IN, query.requestId);
  }

  @Post('resend')
  @HttpCode(200)
  @Page(ResentPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a new code for the same request, by the same channel or another' })
  @ApiOkResponse({ type: ChallengeResource })
  @ApiProblems(...ON_A_CODE, ...ON_A_MESSAGE)
  resend(@SignedIn() caller: SignedInCaller, @Body() body: ResendDto): Promise<ChallengeResource> {
    return this.challenges.resend(caller, SIGN_IN, body);
  }

  @Post('verify')
  @HttpCode(200)
  @Page(VerifyPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Check a code that was sent; the session continues under a new id' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems(...ON_A_CODE)
  async verify(
    @SignedIn() caller: SignedInCaller,
    @Body() body: ShowCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const shown = await this.challenges.check(caller, SIGN_IN, body);
    return this.challenges.completeSignIn(request, response, { ...body, shown });
  }

  @Post('code')
  @HttpCode(200)
  @Page(OwnCodePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Check a code of an authenticator app, or a recovery code' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems('invalid-input', 'sign-in-required', 'unknown-factor', 'wrong-code', 'rate-limited')
  async code(
    @SignedIn() caller: SignedInCaller,
    @Body() body: ShowOwnCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const shown = await this.challenges.checkOwnCode(caller, SIGN_IN, body);
    return this.challenges.completeSignIn(request, response, { ...body, shown });
  }
}
