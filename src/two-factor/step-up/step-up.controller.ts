import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { BODIES, Page, safePath } from '../../http/index.js';
import {
  ChallengeDto,
  ResendDto,
  ReturnDto,
  ShowCodeDto,
  ShowOwnCodeDto,
} from '../challenge/challenge.dto.js';
import {
  ChoosePage,
  CodePage,
  OwnCodePage,
  ResentPage,
  SendPage,
  VerifyPage,
} from '../challenge/challenge.pages.js';
import { ChallengeResource, FactorsResource } from '../challenge/challenge.resources.js';
import { type ChallengeContext, ChallengeService } from '../challenge/challenge.service.js';
import { RequireFactor, SignedIn } from '../guard/require-factor.js';
import { TwoFactorRoutes } from '../guard/two-factor-routes.js';
import type { SignedInCaller } from '../session/assurance.js';
import { AssuranceResource } from '../session/assurance.resource.js';
import { type ShownFactor, TwoFactorService } from '../session/two-factor.service.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';
import { ApiProblems, ON_A_CODE, ON_A_MESSAGE, twoFactorProblem } from '../two-factor.problems.js';
import { StepUpGrants } from './step-up-grants.service.js';

const GrantId = new ParseUUIDPipe({ exceptionFactory: () => twoFactorProblem('unknown-step-up') });
const ON_A_GRANT = [...ON_A_CODE, 'second-factor-required', 'unknown-factor', 'unknown-step-up'] as const;

/** Shows a factor for one action only. The routes are those of a sign-in, each for the step-up in its path. */
@ApiTags('Step-up')
@RequireFactor()
@TwoFactorRoutes()
@Controller('two-factor/step-up/:id')
export class StepUpController {
  constructor(
    private readonly grants: StepUpGrants,
    private readonly challenges: ChallengeService,
    private readonly twoFactor: TwoFactorService,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  @Get()
  @Page(ChoosePage)
  @ApiOperation({ summary: 'What has to be confirmed, and the factors that can; sends nothing' })
  @ApiOkResponse({ type: FactorsResource })
  @ApiProblems('invalid-input', 'sign-in-required', 'second-factor-required', 'unknown-step-up')
  async choose(
    @SignedIn() caller: SignedInCaller,
    @Param('id', GrantId) id: string,
    @Query() { returnTo }: ReturnDto,
  ): Promise<FactorsResource> {
    return this.challenges.choices(caller, await this.contextOf(caller, id), returnTo);
  }

  @Post('challenge')
  @HttpCode(200)
  @Page(SendPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a code for it to one of the user’s phones' })
  @ApiOkResponse({ type: ChallengeResource })
  @ApiProblems(...ON_A_GRANT, ...ON_A_MESSAGE)
  async challenge(
    @SignedIn() caller: SignedInCaller,
    @Param('id', GrantId) id: string,
    @Body() body: ChallengeDto,
  ): Promise<ChallengeResource> {
    return this.challenges.send(caller, await this.contextOf(caller, id), body);
  }

  @Get('verify')
  @Page(CodePage)
  @ApiOperation({ summary: 'The code page again, for a reload' })
  @ApiOkResponse({ type: ChallengeResource })
  @ApiProblems('invalid-input', 'sign-in-required', 'unknown-request', 'unknown-step-up')
  async codePage(
    @SignedIn() caller: SignedInCaller,
    @Param('id', GrantId) id: string,
    @Query() { requestId }: ResendDto,
  ): Promise<ChallengeResource> {
    return this.challenges.find(caller, await this.contextOf(caller, id), requestId);
  }

  @Post('resend')
  @HttpCode(200)
  @Page(ResentPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a new code for the same request' })
  @ApiOkResponse({ type: ChallengeResource })
  @ApiProblems(...ON_A_GRANT, ...ON_A_MESSAGE)
  async resend(
    @SignedIn() caller: SignedInCaller,
    @Param('id', GrantId) id: string,
    @Body() body: ResendDto,
  ): Promise<ChallengeResource> {
    return this.challenges.resend(caller, await this.contextOf(caller, id), body);
  }

  @Post('verify')
  @HttpCode(200)
  @Page(VerifyPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Check the code: the action can then be done once, within five minutes' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems(...ON_A_GRANT)
  async verify(
    @SignedIn() caller: SignedInCaller,
    @Param('id', GrantId) id: string,
    @Body() body: ShowCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const shown = await this.challenges.check(caller, await this.contextOf(caller, id), body);
    return this.complete(request, response, { id, shown, returnTo: body.returnTo });
  }

  @Post('code')
  @HttpCode(200)
  @Page(OwnCodePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Confirm it by a code of an authenticator app' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems(...ON_A_GRANT)
  async code(
    @SignedIn() caller: SignedInCaller,
    @Param('id', GrantId) id: string,
    @Body() body: ShowOwnCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const shown = await this.challenges.checkOwnCode(caller, await this.contextOf(caller, id), body);
    return this.complete(request, response, { id, shown, returnTo: body.returnTo });
  }

  /** @throws Problem `unknown-step-up` */
  private async contextOf(caller: SignedInCaller, id: string): Promise<ChallengeContext> {
    return { purpose: `step-up:${id}`, summary: await this.grants.summaryOf(caller, id) };
  }

  private async complete(
    request: Request,
    response: Response,
    { id, shown, returnTo }: { id: string; shown: ShownFactor; returnTo?: string },
  ): Promise<AssuranceResource> {
    const assurance = await this.twoFactor.complete(request, response, shown);
    await this.grants.give(assurance, id);
    return AssuranceResource.of(assurance, safePath(returnTo, this.options.homePath));
  }
}
