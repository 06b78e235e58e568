import { Controller, Inject } from '@nestjs/common';
import { ApiTags } from '../../openapi/decorators.js';
import type { Request, Response } from 'express';
import { isAnsweredByPage, safePath } from '../../http/index.js';
import { FirstFactorOnly } from '../guard/require-factor.js';
import { SignedInRoutes } from '../guard/signed-in-routes.js';
import { AssuranceResource } from '../session/assurance.resource.js';
import { RECOVERY } from '../session/authentication-state.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { type ShownFactor, TwoFactorService } from '../session/two-factor.service.js';
import { SECOND_FACTOR } from '../sms/sms.factor.js';
import { TrustedBrowsers } from '../trusted-browsers/trusted-browsers.service.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import type { ContinueDto } from './challenge.dto.js';
import { ChallengeRoutes, type CompletedChallenge } from './challenge.routes.js';
import { type ChallengeContext, ChallengeService } from './challenge.service.js';

/** Shows a second factor, at sign-in or later when a route demands a recent one. */
@ApiTags('Two-factor sign-in')
@FirstFactorOnly()
@SignedInRoutes()
@Controller('two-factor')
export class ChallengeController extends ChallengeRoutes {
  constructor(
    protected readonly challenges: ChallengeService,
    private readonly twoFactor: TwoFactorService,
    private readonly browsers: TrustedBrowsers,
    private readonly paths: TwoFactorPaths,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {
    super();
  }

  protected contextOf(request: Request): Promise<ChallengeContext> {
    return Promise.resolve({ purpose: SECOND_FACTOR, trustBrowserDays: this.browsers.daysFor(request) });
  }

  protected startOf(): string {
    return this.paths.challenge(this.options.homePath);
  }

  /** Adds the factor to the session, and trusts the browser if the user wants that. */
  protected async complete(
    request: Request,
    response: Response,
    { shown, returnTo, trustBrowser }: { shown: ShownFactor } & ContinueDto,
  ): Promise<CompletedChallenge> {
    const assurance = await this.twoFactor.complete(request, response, shown);
    // The phone may be lost. And the code is no reason to trust the browser: it may have been found on a sheet of paper.
    if (shown.method === RECOVERY) {
      const recovered = AssuranceResource.of(assurance, this.paths.settings);
      return isAnsweredByPage(request) ? { ...recovered, notice: 'settings.recovered' } : recovered;
    }
    const browser = trustBrowser === 'on' && (await this.browsers.trust(request, response, assurance));
    if (browser) {
      const { description } = browser;
      await this.twoFactor.notify(assurance.userId, { type: 'browser-trusted', detail: description });
    }
    return AssuranceResource.of(assurance, safePath(returnTo, this.options.homePath));
  }
}
