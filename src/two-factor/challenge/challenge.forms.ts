import { Inject, Injectable } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  type Problem,
  returnPath,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { CodeForm, LONGEST_TYPED_CODE } from '../../verification/index.js';
import { RECOVERY } from '../session/authentication-state.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { TrustedBrowsers } from '../trusted-browsers/trusted-browsers.service.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import type { ChallengeResource, FactorsResource } from './challenge.resources.js';
import { Factors } from './factors.js';

/** A code that was rejected on the page of all factors. */
interface RejectedCode {
  factor: string;
  message: string;
  /** What is in the field again. */
  value: string;
}

const isStepUp = ({ base }: PageContext): boolean => base.includes('/step-up/');
const titleOf = (summary: string | undefined) => (summary ? 'twoFactor.confirm.title' : 'twoFactor.title');

/** The two pages of a challenge: the choice of a factor, and the code that was sent. */
@Injectable()
export class ChallengeForms {
  constructor(
    private readonly codes: CodeForm,
    private readonly factors: Factors,
    private readonly browsers: TrustedBrowsers,
    private readonly paths: TwoFactorPaths,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /** The path that the user wanted. */
  returnTo(context: PageContext): string {
    return returnPath(context, this.options.homePath);
  }

  code(resource: ChallengeResource, context: PageContext, more: ViewContext = {}): View {
    const around = this.aroundCode(context, resource.summary);
    const view = this.codes.view(resource, context, { ...around, ...more });
    return { ...view, address: this.codeAddress(resource.requestId, context) };
  }

  codeFailed(problem: Problem, context: PageContext): View {
    const resource = problem.details.forView as Partial<ChallengeResource> | undefined;
    const view = this.codes.failed(problem, context, this.aroundCode(context, resource?.summary));
    const requestId = resource?.requestId ?? typed(context, 'requestId');
    return { ...view, address: requestId ? this.codeAddress(requestId, context) : this.startPath(context) };
  }

  /** @param wrong the factor whose code was rejected, and why */
  choose(resource: FactorsResource, context: PageContext, wrong?: RejectedCode): View {
    const { factors, recoveryCodesLeft, summary, returnTo } = resource;
    // Factors without codes have pages of the host's own.
    const codeFactors = [...new Set(factors.map(({ method }) => method))].filter((method) =>
      this.factors.codeFactor(method),
    );
    const offersRecovery = recoveryCodesLeft > 0 && !isStepUp(context);
    const errorOf = (method: string) => (wrong?.factor === method ? wrong.message : undefined);
    const valueOf = (method: string) => (wrong?.factor === method ? wrong.value : undefined);
    const isOffered =
      codeFactors.includes(wrong?.factor ?? '') || (offersRecovery && wrong?.factor === RECOVERY);
    return {
      name: 'two-factor/choose',
      address: this.startPath(context),
      context: {
        title: context.text(titleOf(summary)),
        base: context.base,
        settingsPath: this.paths.settings,
        returnTo,
        summary,
        offersCalls: this.codes.offersCalls,
        hasPasskey: factors.some(({ method }) => method === 'passkey'),
        passkeyTrust: this.trust(context),
        phones: factors.filter(({ method }) => method === 'sms').map((each) => ({ ...each })),
        apps: codeFactors.map((method) => ({
          method,
          error: errorOf(method),
          value: valueOf(method),
          ...this.trust(context),
        })),
        hasNone: factors.length === 0,
        offersRecovery,
        recoveryError: errorOf(RECOVERY),
        recoveryCode: valueOf(RECOVERY),
        isError: wrong !== undefined,
        errors: wrong && [{ field: isOffered ? `otpCode-${wrong.factor}` : '', message: wrong.message }],
      },
    };
  }

  chooseFailed(problem: Problem, context: PageContext): View {
    const resource = problem.details.forView as FactorsResource | undefined;
    const { errors } = errorContext(problem, context, '', ['otpCode']) as { errors: { message: string }[] };
    const { message } = errors[0]!;
    // A code that could not be read is shown again, to be corrected.
    const value = problem.code === 'invalid-input' ? typed(context, 'otpCode', LONGEST_TYPED_CODE) : '';
    if (resource) return this.choose(resource, context, { factor: typed(context, 'factor'), message, value });
    // The user's factors were not read, for example because the form was malformed.
    const isGone = isStepUp(context) && problem.getStatus() === 404;
    return {
      name: 'two-factor/refused',
      address: this.startPath(context),
      context: {
        title: context.text('twoFactor.title'),
        isError: true,
        errors: [{ message }],
        startPath: isGone ? this.returnTo(context) : this.startPath(context),
      },
    };
  }

  /** Where the page of a code is. */
  private codeAddress(requestId: string, context: PageContext): string {
    const returnTo = encodeURIComponent(this.returnTo(context));
    return `${context.base}/challenge/${encodeURIComponent(requestId)}?returnTo=${returnTo}`;
  }

  private startPath(context: PageContext): string {
    return `${context.base}?returnTo=${encodeURIComponent(this.returnTo(context))}`;
  }

  private aroundCode(context: PageContext, summary: string | undefined): ViewContext {
    return {
      ...(summary && { title: context.text(titleOf(summary)), summary }),
      verifyPath: `${context.base}/verify`,
      resendPath: `${context.base}/resend`,
      canCancel: false,
      startPath: this.startPath(context),
      again: context.text('twoFactor.continue'),
      hidden: [{ name: 'returnTo', value: this.returnTo(context) }],
      ...this.trust(context),
    };
  }

  private trust(context: PageContext): ViewContext {
    const trustDays = this.browsers.daysFor(context.request);
    if (isStepUp(context) || trustDays === null) return {};
    return { trustDays, trustsBrowser: typed(context, 'trustBrowser') === 'on' };
  }
}
