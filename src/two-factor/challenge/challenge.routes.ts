import { Body, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiParam } from '../../openapi/decorators.js';
import type { Request, Response } from 'express';
import {
  BODIES,
  FormTargets,
  isAnsweredByPage,
  notAPage,
  Page,
  preferredLanguages,
} from '../../http/index.js';
import { SignedIn } from '../guard/require-factor.js';
import type { SignedInCaller } from '../session/assurance.js';
import { PasskeyOptionsResource, ShowPasskeyDto } from '../passkeys/passkeys.dto.js';
import { AssuranceResource } from '../session/assurance.resource.js';
import type { ShownFactor } from '../session/two-factor.service.js';
import { ApiProblems, ON_A_CHALLENGE, ON_A_CODE, ON_A_MESSAGE } from '../two-factor.problems.js';
import {
  ChallengeDto,
  type ContinueDto,
  ResendDto,
  ReturnDto,
  ShowCodeDto,
  ShowOwnCodeDto,
} from './challenge.dto.js';
import { ChoosePage, CodePage, OwnCodePage, ResentPage, SendPage, VerifyPage } from './challenge.pages.js';
import { ChallengeResource, FactorsResource } from './challenge.resources.js';
import type { ChallengeContext, ChallengeService } from './challenge.service.js';

/**
 * What follows when a factor was shown. On a page, with the key of a message that the next page says once, and the address
 * to which a form that waited for the factor is posted again.
 */
export type CompletedChallenge = AssuranceResource & { notice?: string; postsAgainTo?: string };

/** The routes on which a factor is shown. Sign-ins and step-ups serve the same ones, each at its own path. */
export abstract class ChallengeRoutes {
  protected abstract readonly challenges: ChallengeService;

  /** What the factor is shown for. */
  protected abstract contextOf(request: Request, caller: SignedInCaller): Promise<ChallengeContext>;

  /** The path of the choice of a factor. */
  protected abstract startOf(request: Request): string;

  /** What follows when it was shown. */
  protected abstract complete(
    request: Request,
    response: Response,
    outcome: { shown: ShownFactor } & ContinueDto,
  ): Promise<CompletedChallenge>;

  @Get()
  @Page(ChoosePage)
  @ApiOperation({ summary: 'The second factors that the user can show; sends nothing' })
  @ApiOkResponse({ type: FactorsResource })
  @ApiProblems(...ON_A_CHALLENGE)
  async choose(
    @SignedIn() caller: SignedInCaller,
    @Query() { returnTo }: ReturnDto,
    @Req() request: Request,
  ): Promise<FactorsResource> {
    return this.challenges.choices(caller, await this.contextOf(request, caller), returnTo);
  }

  @Post('challenge')
  @HttpCode(200)
  @Page(SendPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a code to one of the user’s phones' })
  @ApiOkResponse({ type: ChallengeResource })
  @ApiProblems(...ON_A_CHALLENGE, ...ON_A_CODE, ...ON_A_MESSAGE)
  async challenge(
    @SignedIn() caller: SignedInCaller,
    @Body() body: ChallengeDto,
    @Req() request: Request,
  ): Promise<ChallengeResource> {
    const locale = body.locale ?? preferredLanguages(request);
    return this.challenges.send(
      caller,
      await this.contextOf(request, caller),
      { ...body, locale },
      { repeats: isAnsweredByPage(request) },
    );
  }

  @Get('challenge/:requestId')
  @Page(CodePage)
  @ApiParam({ name: 'requestId', format: 'uuid' })
  @ApiOperation({ summary: 'The code page: where a browser is redirected to, and what a reload shows' })
  @ApiOkResponse({ type: ChallengeResource })
  @ApiProblems(...ON_A_CHALLENGE, 'unknown-request')
  async codePage(
    @SignedIn() caller: SignedInCaller,
    @Param('requestId') requestId: string,
    @Req() request: Request,
  ): Promise<ChallengeResource> {
    return this.challenges.find(caller, await this.contextOf(request, caller), requestId);
  }

  @FormTargets('challenge', 'resend', 'verify', 'code', 'passkey')
  formTargets(@Req() request: Request): never {
    throw notAPage(this.startOf(request));
  }

  @Post('resend')
  @HttpCode(200)
  @Page(ResentPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a new code for the same request, by the same channel or another' })
  @ApiOkResponse({ type: ChallengeResource })
  @ApiProblems(...ON_A_CHALLENGE, ...ON_A_CODE, ...ON_A_MESSAGE)
  async resend(
    @SignedIn() caller: SignedInCaller,
    @Body() body: ResendDto,
    @Req() request: Request,
  ): Promise<ChallengeResource> {
    return this.challenges.resend(caller, await this.contextOf(request, caller), body);
  }

  @Post('verify')
  @HttpCode(200)
  @Page(VerifyPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Check a code that was sent; the session continues under a new id' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems(...ON_A_CHALLENGE, ...ON_A_CODE)
  async verify(
    @SignedIn() caller: SignedInCaller,
    @Body() body: ShowCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const shown = await this.challenges.check(caller, await this.contextOf(request, caller), body);
    return this.complete(request, response, { ...body, shown });
  }

  @Post('code')
  @HttpCode(200)
  @Page(OwnCodePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Check a code of an authenticator app; at sign-in also a recovery code' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems(...ON_A_CHALLENGE, 'unknown-factor', 'wrong-code', 'code-used', 'rate-limited')
  async code(
    @SignedIn() caller: SignedInCaller,
    @Body() body: ShowOwnCodeDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const shown = await this.challenges.checkOwnCode(caller, await this.contextOf(request, caller), body);
    return this.complete(request, response, { ...body, shown });
  }

  @Post('passkey/options')
  @HttpCode(200)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'What the browser needs to use one of the user’s passkeys' })
  @ApiOkResponse({ type: PasskeyOptionsResource })
  @ApiProblems(...ON_A_CHALLENGE, 'unknown-factor', 'rate-limited')
  async passkeyOptions(
    @SignedIn() caller: SignedInCaller,
    @Req() request: Request,
  ): Promise<PasskeyOptionsResource> {
    return this.challenges.passkeyOptions(request, caller, await this.contextOf(request, caller));
  }

  @Post('passkey')
  @HttpCode(200)
  @Page(OwnCodePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Check what one of the user’s passkeys has signed' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiProblems(...ON_A_CHALLENGE, 'unknown-factor', 'passkey-rejected', 'rate-limited')
  async passkey(
    @SignedIn() caller: SignedInCaller,
    @Body() body: ShowPasskeyDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const context = await this.contextOf(request, caller);
    const shown = await this.challenges.checkPasskey(request, caller, context, body);
    return this.complete(request, response, { ...body, shown });
  }
}
