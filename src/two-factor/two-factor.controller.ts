import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res, UsePipes } from '@nestjs/common';
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
import { Challenges } from './challenges.js';
import { ChallengeDto, ResendDto, ReturnDto, ShowCodeDto, ShowOwnCodeDto } from './dto/challenge.dto.js';
import { AssuranceResource, FactorsResource } from './dto/resources.js';
import { PostThrottler } from './guard/post-throttler.js';
import { CurrentAssurance, FirstFactorOnly } from './guard/require-factor.js';
import { ChallengePage, ChoosePage, OwnCodePage, SendPage } from './pages/challenge.pages.js';
import { SECOND_FACTOR, SmsFactor } from './phones/sms.factor.js';
import { ApiProblems, ON_A_CODE, ON_A_MESSAGE } from './two-factor.problems.js';
import { TwoFactorService } from './two-factor.service.js';

/** Where a second factor is shown at sign-in, and again later when a route wants a fresh one. */
@ApiTags('Two-factor sign-in')
@FirstFactorOnly()
@Negotiated(PostThrottler)
@UsePipes(new InputPipe('two-factor'))
@Controller('two-factor')
export class TwoFactorController {
  constructor(
    private readonly challenges: Challenges,
    private readonly sms: SmsFactor,
    private readonly twoFactor: TwoFactorService,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  @Get()
  @Page(ChoosePage)
  @ApiOperation({ summary: 'What can be shown as a second factor; sends nothing' })
  @ApiOkResponse({ type: FactorsResource })
  @ApiProblems('invalid-input', 'sign-in-required')
  choose(@CurrentAssurance() assurance: Assurance, @Query() query: ReturnDto): Promise<FactorsResource> {
    return this.challenges.choices(assurance, query.returnTo);
  }

  @Post('challenge')
  @HttpCode(200)
  @Page(SendPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a code to one of the user’s phones' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_CODE, ...ON_A_MESSAGE)
  async challenge(
    @CurrentAssurance() assurance: Assurance,
    @Body() body: ChallengeDto,
    @Req() request: Request,
  ): Promise<VerificationResource> {
    const by = await this.twoFactor.factorCaller(request);
    return this.challenges.send(assurance, body, { origin: originOf(request), by });
  }

  @Get('verify')
  @Page(ChallengePage)
  @ApiOperation({ summary: 'The code page again, for a reload' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems('invalid-input', 'sign-in-required', 'unknown-request')
  async codePage(
    @CurrentAssurance() assurance: Assurance,
    @Query() { requestId }: ResendDto,
  ): Promise<VerificationResource> {
    const found = await this.sms.find(sessionOf(assurance), { requestId, purpose: SECOND_FACTOR });
    return resourceOrProblem(found, this.policy.maxSends);
  }

  @Post('resend')
  @HttpCode(200)
  @Page(ChallengePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a new code for the same request, by the same channel or another' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_CODE, ...ON_A_MESSAGE)
  async resend(
    @CurrentAssurance() assurance: Assurance,
    @Body() { requestId, channel }: ResendDto,
    @Req() request: Request,
  ): Promise<VerificationResource> {
    const by = await this.twoFactor.factorCaller(request);
    const on = {
      requestId,
      purpose: SECOND_FACTOR,
      origin: originOf(request),
      ...(channel ? { channel } : {}),
    };
    const result = await this.sms.resend(sessionOf(assurance), on, by);
    return resourceOrProblem(result, this.policy.maxSends);
  }

  @Post('verify')
  @HttpCode(200)
  @Page(ChallengePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Check a code that was sent; the session goes on under a new id' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems(...ON_A_CODE)
  async verify(
    @CurrentAssurance() assurance: Assurance,
    @Body() body: ShowCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const { requestId, otpCode } = body;
    const by = await this.twoFactor.factorCaller(request);
    const on = { requestId, purpose: SECOND_FACTOR, code: otpCode };
    resourceOrProblem(await this.sms.check(sessionOf(assurance), on, by), this.policy.maxSends);
    return this.challenges.shown(request, response, { method: this.sms.method, requestId }, body);
  }

  @Post('code')
  @HttpCode(200)
  @Page(OwnCodePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Check a code that nobody sent: of an authenticator app, or a recovery code' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems('invalid-input', 'sign-in-required', 'unknown-factor', 'wrong-code', 'rate-limited')
  async code(
    @CurrentAssurance() assurance: Assurance,
    @Body() body: ShowOwnCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const by = await this.twoFactor.factorCaller(request);
    const method = await this.challenges.checkOwnCode(assurance, body, { by });
    return this.challenges.shown(request, response, { method }, body);
  }
}
