import { Controller, Inject } from '@nestjs/common';
import { ApiParam, ApiTags } from '../../openapi/decorators.js';
import type { Request, Response } from 'express';
import { isAnsweredByPage, safePath } from '../../http/index.js';
import type { ContinueDto } from '../challenge/challenge.dto.js';
import { ChallengeRoutes, type CompletedChallenge } from '../challenge/challenge.routes.js';
import { type ChallengeContext, ChallengeService } from '../challenge/challenge.service.js';
import { RequireFactor } from '../guard/require-factor.js';
import { SignedInRoutes } from '../guard/signed-in-routes.js';
import type { SignedInCaller } from '../session/assurance.js';
import { AssuranceResource } from '../session/assurance.resource.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { type ShownFactor, TwoFactorService } from '../session/two-factor.service.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { StepUpGrants } from './step-up-grants.service.js';

const idOf = ({ params }: Request): string => String(params['id']);

/** Shows a factor for one action only, which can then be done once, within five minutes. */
@ApiTags('Step-up')
@ApiParam({ name: 'id', format: 'uuid' })
@RequireFactor()
@SignedInRoutes()
@Controller('two-factor/step-up/:id')
export class StepUpController extends ChallengeRoutes {
  constructor(
    protected readonly challenges: ChallengeService,
    private readonly grants: StepUpGrants,
    private readonly twoFactor: TwoFactorService,
    private readonly paths: TwoFactorPaths,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {
    super();
  }

  /** @throws Problem `unknown-step-up` */
  protected async contextOf(request: Request, caller: SignedInCaller): Promise<ChallengeContext> {
    const id = idOf(request);
    const summary = await this.grants.summaryOf(caller, id);
    return { purpose: `step-up:${id}`, summary, trustBrowserDays: null };
  }

  protected startOf(request: Request): string {
    return this.paths.stepUp(idOf(request), this.options.homePath);
  }

  /** Adds the factor to the session, and gives the grant. A page does the confirmed action at once; programs send the grant. */
  protected async complete(
    request: Request,
    response: Response,
    { shown, returnTo }: { shown: ShownFactor } & ContinueDto,
  ): Promise<CompletedChallenge> {
    const id = idOf(request);
    const assurance = await this.twoFactor.complete(request, response, shown);
    await this.grants.give(assurance, id);
    const next = safePath(returnTo, this.options.homePath);
    if (!isAnsweredByPage(request)) return AssuranceResource.of(assurance, next);
    const { donePath, isFailed } = await this.grants.performGranted(assurance, id);
    const notice = isFailed ? 'twoFactor.confirm.failed' : undefined;
    return { ...AssuranceResource.of(assurance, donePath ?? next), notice };
  }
}
