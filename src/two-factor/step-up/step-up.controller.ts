import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
  UsePipes,
} from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { BODIES, InputPipe, Negotiated, Page, safePath } from '../../http/index.js';
import {
  originOf,
  resourceOrProblem,
  VERIFICATION_POLICY,
  type VerificationPolicy,
  VerificationResource,
} from '../../verification/index.js';
import { type Assurance, sessionOf } from '../assurance/assurance.js';
import { Challenges } from '../challenges.js';
import { ChallengeDto, ResendDto, ReturnDto, ShowCodeDto, ShowOwnCodeDto } from '../dto/challenge.dto.js';
import { AssuranceResource, FactorsResource } from '../dto/resources.js';
import { PostThrottler } from '../guard/post-throttler.js';
import { CurrentAssurance, RequireFactor } from '../guard/require-factor.js';
import { ChallengePage, ChoosePage, OwnCodePage, SendPage, SUMMARY } from '../pages/challenge.pages.js';
import { SmsFactor } from '../phones/sms.factor.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';
import { ApiProblems, ON_A_CODE, ON_A_MESSAGE, twoFactorProblem } from '../two-factor.problems.js';
import { TwoFactorService } from '../two-factor.service.js';
import { type PendingStepUp, StepUpGrants } from './step-up.service.js';

/** A code of a step-up is worth nothing for a sign-in, and nothing for another step-up. */
const purposeOf = (id: string) => `step-up:${id}`;
const ON_A_GRANT = [...ON_A_CODE, 'second-factor-required', 'unknown-factor', 'unknown-step-up'] as const;

/** Where one act is confirmed by a factor shown for just that act. */
@ApiTags('Step-up')
@RequireFactor()
@Negotiated(PostThrottler)
@UsePipes(new InputPipe('two-factor'))
@Controller('two-factor/step-up/:id')
export class StepUpController {
  constructor(
    private readonly grants: StepUpGrants,
    private readonly challenges: Challenges,
    private readonly sms: SmsFactor,
    private readonly twoFactor: TwoFactorService,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  @Get()
  @Page(ChoosePage)
  @ApiOperation({ summary: 'What is to be confirmed, and by what; sends nothing' })
  @ApiOkResponse({ type: FactorsResource })
  @ApiProblems('invalid-input', 'sign-in-required', 'second-factor-required', 'unknown-step-up')
  async choose(
    @CurrentAssurance() assurance: Assurance,
    @Param('id') id: string,
    @Query() query: ReturnDto,
    @Req() request: Request,
  ): Promise<FactorsResource> {
    const { summary } = await this.pending(request, id);
    return this.challenges.choices(assurance, query.returnTo, summary);
  }

  @Post('challenge')
  @HttpCode(200)
  @Page(SendPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a code for it to one of the user’s phones' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_GRANT, ...ON_A_MESSAGE)
  async challenge(
    @CurrentAssurance() assurance: Assurance,
    @Param('id') id: string,
    @Body() body: ChallengeDto,
    @Req() request: Request,
  ): Promise<VerificationResource> {
    const { summary } = await this.pending(request, id);
    return this.challenges.send(assurance, body, {
      purpose: purposeOf(id),
      summary,
      origin: originOf(request),
      by: await this.twoFactor.factorCaller(request),
    });
  }

  @Get('verify')
  @Page(ChallengePage)
  @ApiOperation({ summary: 'The code page again, for a reload' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems('invalid-input', 'sign-in-required', 'unknown-request', 'unknown-step-up')
  async codePage(
    @CurrentAssurance() assurance: Assurance,
    @Param('id') id: string,
    @Query() { requestId }: ResendDto,
    @Req() request: Request,
  ): Promise<VerificationResource> {
    await this.pending(request, id);
    const found = await this.sms.find(sessionOf(assurance), { requestId, purpose: purposeOf(id) });
    return resourceOrProblem(found, this.policy.maxSends);
  }

  @Post('resend')
  @HttpCode(200)
  @Page(ChallengePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send it again' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_GRANT, ...ON_A_MESSAGE)
  async resend(
    @CurrentAssurance() assurance: Assurance,
    @Param('id') id: string,
    @Body() { requestId, channel }: ResendDto,
    @Req() request: Request,
  ): Promise<VerificationResource> {
    await this.pending(request, id);
    const by = await this.twoFactor.factorCaller(request);
    const on = {
      requestId,
      purpose: purposeOf(id),
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
  @ApiOperation({ summary: 'Check that code: leave to do the act once, within five minutes' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems(...ON_A_GRANT)
  async verify(
    @CurrentAssurance() assurance: Assurance,
    @Param('id') id: string,
    @Body() { requestId, otpCode, returnTo }: ShowCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    await this.pending(request, id);
    const by = await this.twoFactor.factorCaller(request);
    const on = { requestId, purpose: purposeOf(id), code: otpCode };
    const result = await this.sms.check(sessionOf(assurance), on, by);
    resourceOrProblem(result, this.policy.maxSends);
    return this.grant(request, response, id, { method: this.sms.method, requestId }, returnTo);
  }

  @Post('code')
  @HttpCode(200)
  @Page(OwnCodePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Confirm it by a code that nobody sent: of an authenticator app' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems(...ON_A_GRANT)
  async code(
    @CurrentAssurance() assurance: Assurance,
    @Param('id') id: string,
    @Body() body: ShowOwnCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const { summary } = await this.pending(request, id);
    // A recovery code is for getting in, not for paying.
    const by = await this.twoFactor.factorCaller(request);
    const method = await this.challenges.checkOwnCode(assurance, body, {
      by,
      summary,
      allowsRecovery: false,
    });
    return this.grant(request, response, id, { method }, body.returnTo);
  }

  private async pending(request: Request, id: string): Promise<PendingStepUp> {
    const pending = await this.grants.pending(request, id);
    if (!pending) throw twoFactorProblem('unknown-step-up');
    request.res!.locals[SUMMARY] = pending.summary;
    return pending;
  }

  private async grant(
    request: Request,
    response: Response,
    id: string,
    shown: { method: string; requestId?: string },
    returnTo: string | undefined,
  ): Promise<AssuranceResource> {
    const granted = await this.grants.grant(request, id, () =>
      this.twoFactor.complete(request, response, shown),
    );
    if (!granted) throw twoFactorProblem('unknown-step-up');
    const assurance = await this.twoFactor.assurance(request);
    return AssuranceResource.of(assurance, safePath(returnTo, this.options.homePath));
  }
}
