import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { Problem, safePath } from '../../http/index.js';
import {
  type Channel,
  problemOf,
  type StartVerification,
  toResource,
  type VerificationResult,
} from '../../verification/index.js';
import { PasskeyFactor } from '../passkeys/passkey.factor.js';
import type { PasskeyOptionsResource, ShowPasskeyDto } from '../passkeys/passkeys.dto.js';
import { Passkeys } from '../passkeys/passkeys.service.js';
import { RecoveryCodes } from '../recovery-codes/recovery-codes.service.js';
import { AccountNames } from '../session/account-names.js';
import type { SignedInCaller } from '../session/assurance.js';
import { AssuranceResource } from '../session/assurance.resource.js';
import { RECOVERY } from '../session/authentication-state.js';
import { type ShownFactor, TwoFactorService } from '../session/two-factor.service.js';
import { SmsFactor } from '../sms/sms.factor.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { codeProblem, twoFactorProblem } from '../two-factor.problems.js';
import type { ChallengeDto, ResendDto, ShowCodeDto, ShowOwnCodeDto } from './challenge.dto.js';
import type { ChallengeResource, FactorsResource } from './challenge.resources.js';
import type { CodeResult } from './factor.js';
import { Factors } from './factors.js';

/** What a factor is shown for. */
export interface ChallengeContext {
  /** A code that was sent for one purpose is rejected for every other. */
  purpose: string;
  /** In a step-up: the action, as the user reads it. */
  summary?: string;
  /** For how many days the browser can be trusted afterwards. Null if not at all. */
  trustBrowserDays: number | null;
}

/** A page of a code that was asked for: what this call did, if there was a live request already. */
export type SentChallenge = ChallengeResource & { repeated?: 'resent' | 'waiting' };

/** Twice within this time is a double click. */
const DOUBLE_CLICK_MS = 3000;

/** Proves enrolled factors, for sign-ins and step-ups. */
@Injectable()
export class ChallengeService {
  constructor(
    private readonly twoFactor: TwoFactorService,
    private readonly names: AccountNames,
    private readonly factors: Factors,
    private readonly sms: SmsFactor,
    private readonly passkeys: Passkeys,
    private readonly passkey: PasskeyFactor,
    private readonly recoveryCodes: RecoveryCodes,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /** The factors that the user can show. */
  async choices(
    caller: SignedInCaller,
    { summary, trustBrowserDays }: ChallengeContext,
    returnTo: string | undefined,
  ): Promise<FactorsResource> {
    return {
      assurance: AssuranceResource.of(caller),
      account: await this.names.maskedNameOf(caller.userId),
      factors: await this.factors.enrolledBy(caller.userId),
      recoveryCodesLeft: await this.recoveryCodes.left(caller.userId),
      trustBrowserDays,
      returnTo: safePath(returnTo, this.options.homePath),
      summary,
    };
  }

  /**
   * Sends a code to the chosen phone, or to the preferred one.
   * @param options.repeats sends a further message if the phone has a live request already, which programs ask for by
   * {@link resend}
   * @throws Problem with the choices for the page, because another factor may work
   */
  async send(
    caller: SignedInCaller,
    context: ChallengeContext,
    { phoneId, channel, locale, returnTo }: Omit<ChallengeDto, 'locale'> & Pick<StartVerification, 'locale'>,
    { repeats }: { repeats: boolean },
  ): Promise<SentChallenge> {
    try {
      const chosen = phoneId ?? (await this.sms.enrolledBy(caller.userId))[0]?.id;
      if (!chosen) throw twoFactorProblem('unknown-factor');
      const { purpose } = context;
      const result = await this.sms.challenge(caller, { phoneId: chosen, channel, locale, purpose });
      if (result.ok && result.isJoined && repeats)
        return await this.sendAgain(caller, context, result, channel);
      return resourceOf(result, context);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // The page of the code says best what happened to it, unless nothing was sent: then another factor is the way on.
      if (hasRequest(error) && error.code !== 'provider-unavailable') throw error;
      throw withView(error, await this.choices(caller, context, returnTo));
    }
  }

  /** The phone has a live request: sends by the channel that was chosen, as soon as that is possible. */
  private async sendAgain(
    caller: SignedInCaller,
    context: ChallengeContext,
    live: Extract<VerificationResult, { ok: true }>,
    channel: Channel = live.request.channel,
  ): Promise<SentChallenge> {
    const { request } = live;
    const sentMs = request.sentAt ? request.readAt.getTime() - request.sentAt.getTime() : 0;
    const isDoubleClick = channel === request.channel && sentMs < DOUBLE_CLICK_MS;
    const waiting: SentChallenge = { ...resourceOf(live, context), repeated: 'waiting' };
    if (request.requestedElsewhere || isDoubleClick) return waiting;
    const { purpose } = context;
    const result = await this.sms.resend(caller, { requestId: request.id, purpose, channel });
    if (!result.ok && result.code === 'cooldown') return waiting;
    return { ...resourceOf(result, context), repeated: 'resent' };
  }

  /** The code that was sent, for a reload of its page. */
  async find(
    caller: SignedInCaller,
    context: ChallengeContext,
    requestId: string,
  ): Promise<ChallengeResource> {
    return resourceOf(await this.sms.find(caller, { requestId, purpose: context.purpose }), context);
  }

  /** Sends a new code for the same request. */
  async resend(
    caller: SignedInCaller,
    context: ChallengeContext,
    { requestId, channel }: ResendDto,
  ): Promise<ChallengeResource> {
    const { purpose } = context;
    return resourceOf(await this.sms.resend(caller, { requestId, purpose, channel }), context);
  }

  /** Checks a code that was sent. */
  async check(
    caller: SignedInCaller,
    context: ChallengeContext,
    { requestId, otpCode }: ShowCodeDto,
  ): Promise<ShownFactor> {
    const { purpose } = context;
    resourceOf(await this.sms.check(caller, { requestId, purpose, code: otpCode }), context);
    return { method: this.sms.method, requestId };
  }

  /** What the browser needs to use one of the user's passkeys. */
  passkeyOptions(
    request: Request,
    caller: SignedInCaller,
    { purpose }: ChallengeContext,
  ): Promise<PasskeyOptionsResource> {
    return this.passkeys.requestOptions(request, caller, purpose);
  }

  /** Checks a signature by a passkey. @throws Problem with the choices for the page, because another factor may work */
  async checkPasskey(
    request: Request,
    caller: SignedInCaller,
    context: ChallengeContext,
    { response, returnTo }: ShowPasskeyDto,
  ): Promise<ShownFactor> {
    if (await this.passkeys.verify(request, caller, response, context.purpose))
      return { method: this.passkey.method };
    const forView = await this.choices(caller, context, returnTo);
    throw twoFactorProblem('passkey-rejected', { forView });
  }

  /**
   * Checks a code that was not sent: from an authenticator app, a factor of the host's own, or a recovery code. Recovery
   * codes are for signing in, so they confirm no step-up.
   * @throws Problem with the choices for the page
   */
  async checkOwnCode(
    caller: SignedInCaller,
    context: ChallengeContext,
    { factor: method, otpCode, returnTo }: ShowOwnCodeDto,
  ): Promise<ShownFactor> {
    let result: CodeResult | undefined;
    if (method !== RECOVERY) result = await this.factors.codeFactor(method)?.verify(caller, otpCode);
    else if (context.summary === undefined) result = await this.recoveryCodes.use(caller, otpCode);
    if (!result?.ok) {
      const choices = await this.choices(caller, context, returnTo);
      throw result ? codeProblem(result, choices) : twoFactorProblem('unknown-factor', { forView: choices });
    }
    if (method === RECOVERY) {
      const left = await this.recoveryCodes.left(caller.userId);
      await this.twoFactor.notify(caller.userId, { type: 'recovery-code-used', detail: String(left) });
    }
    return { method };
  }
}

/** The resource of a result, or its problem. The pages of both show what was sent where, and what a step-up confirms. */
function resourceOf(result: VerificationResult, { summary }: ChallengeContext): ChallengeResource {
  const phoneId = result.request?.context?.['phoneId'];
  const more = { summary, ...(typeof phoneId === 'string' && { phoneId }) };
  if (result.ok) return { ...toResource(result.request), ...more };
  const problem = problemOf(result);
  throw withView(problem, { ...(problem.details.forView as Partial<ChallengeResource>), ...more });
}

const hasRequest = ({ details }: Problem): boolean =>
  (details.forView as Partial<ChallengeResource> | undefined)?.requestId !== undefined;

const withView = (problem: Problem, forView: unknown): Problem =>
  new Problem(problem.code, problem.getStatus(), { ...problem.details, forView });
