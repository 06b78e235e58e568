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
const isGone = ({ code }: Problem, context: PageContext): boolean =>
  isStepUp(context) && code === 'unknown-step-up';
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
    const address = this.codeAddress(resource.requestId, context);
    if (resource.status === 'VERIFIED') return { ...this.used(context), address };
    const view = this.codes.view(resource, context, { ...this.aroundCode(context, resource), ...more });
    return { ...view, address };
  }

  codeFailed(problem: Problem, context: PageContext): View {
    // There is no code to enter.
    if (isGone(problem, context)) return this.chooseFailed(problem, context);
    const resource = (problem.details.forView ?? {}) as Partial<ChallengeResource>;
    const requestId = resource.requestId ?? typed(context, 'requestId');
    const address = requestId ? this.codeAddress(requestId, context) : this.startPath(context);
    return { ...this.codes.failed(problem, context, this.aroundCode(context, resource)), address };
  }

  /** The notice for somebody who asks for a code again too soon. */
  waitNotice({ resendAvailableAt }: ChallengeResource, context: PageContext): string {
    const waitMs = Date.parse(resendAvailableAt ?? '') - Date.now();
    const key = typed(context, 'channel') === 'voice' ? 'code.alreadySent.call' : 'code.alreadySent.text';
    return waitMs > 0
      ? context.text(key, { count: Math.ceil(waitMs / 1000) })
      : context.text('code.alreadySent.now');
  }

  /** The code did what it was for: Back, or a second tab. */
  private used(context: PageContext): View {
    return {
      name: 'ended',
      context: {
        title: context.text('ended.used.title'),
        detail: context.text('ended.used.detail'),
        otherPath: this.returnTo(context),
        other: context.text('twoFactor.continue'),
      },
    };
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
    const hasPasskey = factors.some(({ method }) => method === 'passkey');
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
        hasPasskey,
        passkeyTrust: this.trust(context),
        ...inOrder(
          codeFactors.map((method, index) => ({
            method,
            digits: this.factors.codeFactor(method)?.codeLength,
            hasFocus: index === 0 && !hasPasskey,
            error: errorOf(method),
            value: valueOf(method),
            ...this.trust(context),
          })),
          factors.filter(({ method }) => method === 'sms').map((each) => ({ ...each })),
          wrong?.factor,
        ),
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
    // Another factor may work meanwhile. A message is asked for without naming the factor.
    const factor = typed(context, 'factor') || 'sms';
    const { errors, alert } = errorContext(problem, context, '', ['otpCode'], factor) as {
      errors?: { message: string }[];
      alert?: ViewContext;
    };
    const message = errors?.[0]?.message ?? '';
    // A code that could not be read is shown again, to be corrected.
    const value = problem.code === 'invalid-input' ? typed(context, 'otpCode', LONGEST_TYPED_CODE) : '';
    if (resource && alert) {
      const view = this.choose(resource, context);
      return { ...view, context: { ...view.context, isError: true, alert } };
    }
    if (resource) return this.choose(resource, context, { factor: typed(context, 'factor'), message, value });
    // The user's factors were not read, for example because the form was malformed.
    return {
      name: 'two-factor/refused',
      address: this.startPath(context),
      context: {
        title: context.text('twoFactor.title'),
        isError: true,
        ...(alert ? { alert } : { errors: [{ message }] }),
        startPath: isGone(problem, context) ? this.returnTo(context) : this.startPath(context),
      },
    };
  }

  /** Where the page of a code is. */
  private codeAddress(requestId: string, context: PageContext): string {
    const returnTo = encodeURIComponent(this.returnTo(context));
    return `${context.base}/challenge/${encodeURIComponent(requestId)}?returnTo=${returnTo}`;
  }

  private startPath(context: PageContext): string {
    const again = context.request.query['again'] === 'yes' ? '&again=yes' : '';
    return `${context.base}?returnTo=${encodeURIComponent(this.returnTo(context))}${again}`;
  }

  private aroundCode(
    context: PageContext,
    { requestId, phoneId, summary, status }: Partial<ChallengeResource>,
  ): ViewContext {
    const isUsed = status === 'VERIFIED';
    const returnTo = { name: 'returnTo', value: this.returnTo(context) };
    return {
      watchPath: requestId ? this.codeAddress(requestId, context) : '',
      refreshPath: requestId ? `${context.base}/challenge/${requestId}` : '',
      restartPath: phoneId ? `${context.base}/challenge` : '',
      restartFields: [{ name: 'phoneId', value: phoneId ?? '' }, returnTo],
      otherPath: isUsed ? this.returnTo(context) : this.startPath(context),
      other: context.text(isUsed ? 'twoFactor.continue' : 'twoFactor.otherWay'),
      ...(summary && { title: context.text(titleOf(summary)), summary }),
      verifyPath: `${context.base}/verify`,
      resendPath: `${context.base}/resend`,
      canCancel: false,
      startPath: this.startPath(context),
      again: context.text('twoFactor.continue'),
      hidden: [returnTo],
      ...this.trust(context),
    };
  }

  private trust(context: PageContext): ViewContext {
    const trustDays = this.browsers.daysFor(context.request);
    if (isStepUp(context) || trustDays === null) return {};
    return { trustDays, trustsBrowser: typed(context, 'trustBrowser') === 'on' };
  }
}

/**
 * The best factor in sight and the others one step away: an app before a phone, whose messages can be redirected.
 * @param wrong the factor whose code was rejected, which stays in sight
 */
function inOrder(apps: ViewContext[], phones: ViewContext[], wrong: string | undefined): ViewContext {
  const [bestApp, ...otherApps] = apps;
  const [bestPhone, ...otherPhones] = phones;
  const best = bestApp ? { apps: [bestApp], phones: [] } : { apps: [], phones: bestPhone ? [bestPhone] : [] };
  const others = { apps: otherApps, phones: bestApp ? phones : otherPhones };
  const isOpen = otherApps.some(({ method }) => method === wrong);
  return {
    best: { ...best, isBest: true },
    others: others.apps.length + others.phones.length > 0 ? { ...others, isOpen } : null,
  };
}
