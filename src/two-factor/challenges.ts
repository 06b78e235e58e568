import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Problem, safePath } from '../http/index.js';
import {
  resourceOrProblem,
  VERIFICATION_POLICY,
  type VerificationPolicy,
  type VerificationResource,
  type VerificationResult,
} from '../verification/index.js';
import { type Assurance, RECOVERY, sessionOf, type SignedInSession } from './assurance/assurance.js';
import type { Origin } from './bound-requests.js';
import type { ChallengeDto, ShowOwnCodeDto } from './dto/challenge.dto.js';
import { AssuranceResource, type FactorsResource } from './dto/resources.js';
import type { FactorCaller } from './factors/factor-caller.js';
import type { CodeResult } from './factors/factor.js';
import { Factors } from './factors/factors.js';
import { SmsFactor } from './phones/sms.factor.js';
import { RecoveryCodes } from './recovery-codes/recovery-codes.service.js';
import { TrustedBrowsers } from './trusted-browsers/trusted-browsers.service.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from './two-factor.options.js';
import { codeProblem, twoFactorProblem } from './two-factor.problems.js';
import { TwoFactorService } from './two-factor.service.js';

/** After a recovery code: the phone may be lost. */
const LOOK_AT_FACTORS = '/two-factor/settings?recovered=yes';

/** What happens around a factor that is shown: which there are, and what follows when it was right. */
@Injectable()
export class Challenges {
  constructor(
    private readonly twoFactor: TwoFactorService,
    private readonly factors: Factors,
    private readonly sms: SmsFactor,
    private readonly recovery: RecoveryCodes,
    private readonly browsers: TrustedBrowsers,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  async choices(assurance: Assurance, returnTo: unknown, summary?: string): Promise<FactorsResource> {
    const userId = assurance.userId!;
    return {
      assurance: AssuranceResource.of(assurance),
      factors: await this.factors.enrolledBy(userId),
      recoveryCodesLeft: await this.recovery.left(userId),
      returnTo: safePath(returnTo, this.options.homePath),
      ...(summary ? { summary } : {}),
    };
  }

  /**
   * Sends a code to the phone that was chosen, or to the primary one.
   * @throws Problem with the choices for the page: when a message cannot be sent, another factor may do
   */
  async send(
    assurance: Assurance,
    body: ChallengeDto,
    {
      purpose,
      summary,
      origin,
      by,
    }: { purpose?: string; summary?: string; origin: Origin; by: FactorCaller },
  ): Promise<VerificationResource> {
    try {
      const result = await this.start(sessionOf(assurance), body, purpose, { origin, by });
      return resourceOrProblem(result, this.policy.maxSends);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const forView = await this.choices(assurance, body.returnTo, summary);
      throw new Problem(error.code, error.status, { ...error.details, forView });
    }
  }

  private async start(
    session: SignedInSession,
    { phoneId, channel }: ChallengeDto,
    purpose: string | undefined,
    { origin, by }: { origin: Origin; by: FactorCaller },
  ): Promise<VerificationResult> {
    const id = phoneId ?? (await this.sms.enrolledBy(session.userId))[0]?.id;
    if (!id) throw twoFactorProblem('unknown-factor');
    return this.sms.challenge(session, {
      phoneId: id,
      origin,
      by,
      ...(channel ? { channel } : {}),
      ...(purpose ? { purpose } : {}),
    });
  }

  /** @returns the method that was shown. @throws Problem, with the choices for the page */
  async checkOwnCode(
    assurance: Assurance,
    { factor: method, otpCode, returnTo }: Pick<ShowOwnCodeDto, 'factor' | 'otpCode' | 'returnTo'>,
    { by, summary, allowsRecovery = true }: { by: FactorCaller; summary?: string; allowsRecovery?: boolean },
  ): Promise<string> {
    const userId = assurance.userId!;
    const result = await this.resultOf(userId, method, otpCode, { allowsRecovery, by });
    const forView = async () => this.choices(assurance, returnTo, summary);
    if (result === null) throw twoFactorProblem('unknown-factor', { forView: await forView() });
    if (!result.ok) throw codeProblem(result, await forView());
    if (method === RECOVERY) {
      const left = await this.recovery.left(userId);
      await this.twoFactor.notify(userId, { type: 'recovery-code-used', detail: String(left) });
    }
    return method;
  }

  /** The session has a second factor now; its new cookie goes out with this answer. */
  async shown(
    request: Request,
    response: Response,
    shown: { method: string; requestId?: string },
    { returnTo, trustBrowser }: { returnTo?: string; trustBrowser?: 'on' },
  ): Promise<AssuranceResource> {
    const assurance = await this.twoFactor.complete(request, response, shown);
    const isRecovery = shown.method === RECOVERY;
    // A sheet of codes is no reason to trust the browser it is typed into.
    const state = trustBrowser === 'on' && !isRecovery ? await this.options.sessions.read(request) : null;
    if (state) {
      const browser = await this.browsers.trust(request, response, state.userId, state.epoch);
      if (browser)
        await this.twoFactor.notify(state.userId, { type: 'browser-trusted', detail: browser.description });
    }
    const next = isRecovery ? LOOK_AT_FACTORS : safePath(returnTo, this.options.homePath);
    return AssuranceResource.of(assurance, next);
  }

  private async resultOf(
    userId: string,
    method: string,
    code: string,
    { allowsRecovery, by }: { allowsRecovery: boolean; by: FactorCaller },
  ): Promise<CodeResult | null> {
    if (method === RECOVERY) return allowsRecovery ? this.recovery.use(userId, code, by) : null;
    const factor = this.factors.codeFactor(method);
    return factor ? factor.verify(userId, code, by) : null;
  }
}
