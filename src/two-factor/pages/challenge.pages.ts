import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import {
  errorContext,
  type PageContext,
  PageView,
  type Problem,
  returnPath,
  type Redirect,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { CodeForm, VerificationResource } from '../../verification/index.js';
import { RECOVERY } from '../assurance/assurance.js';
import type { AssuranceResource, FactorsResource } from '../dto/resources.js';
import { Factors } from '../factors/factors.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';

/** `/two-factor`, or `/two-factor/step-up/<id>`: where the forms of a page lead. */
export const baseOf = ({ path }: Request): string => path.replace(/\/(challenge|verify|resend|code)\/?$/, '');

/** Of `response.locals`: what a step-up is for, so that each of its pages says it. */
export const SUMMARY = 'two-factor:summary';

const titleOf = (summary: string | undefined) => (summary ? 'twoFactor.confirm.title' : 'twoFactor.title');

export const isStepUp = (base: string): boolean => base.includes('/step-up/');

/** What all pages of a challenge have: where they came from, and where they go. */
@Injectable()
export class ChallengeForms {
  constructor(
    private readonly codes: CodeForm,
    private readonly factors: Factors,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  returnTo(context: PageContext): string {
    return returnPath(context, this.options.homePath);
  }

  code(resource: VerificationResource, context: PageContext, more: ViewContext = {}): View {
    return this.codes.view(resource, context, { ...this.surroundings(context), ...more });
  }

  codeFailed(problem: Problem, context: PageContext): View {
    return this.codes.failed(problem, context, this.surroundings(context));
  }

  /** @param wrong what was shown and not right */
  choose(resource: FactorsResource, context: PageContext, wrong?: { factor: string; message: string }): View {
    const base = baseOf(context.request);
    const { factors, recoveryCodesLeft, summary, returnTo } = resource;
    // A factor without codes of its own has a page of its host's.
    const others = factors.map(({ method }) => method).filter((method) => this.factors.codeFactor(method));
    const offersRecovery = recoveryCodesLeft > 0 && !isStepUp(base);
    const errorOf = (method: string) => (wrong?.factor === method ? { error: wrong.message } : {});
    const isOffered = others.includes(wrong?.factor ?? '') || (offersRecovery && wrong?.factor === RECOVERY);
    return {
      name: 'two-factor/choose',
      context: {
        title: context.text(titleOf(summary)),
        base,
        returnTo,
        summary,
        phones: factors.filter(({ method }) => method === 'sms').map((each) => ({ ...each })),
        apps: [...new Set(others)].map((method) => ({ method, ...errorOf(method), ...this.trust(context) })),
        hasNone: factors.length === 0,
        offersRecovery,
        recoveryError: errorOf(RECOVERY).error,
        ...(wrong
          ? {
              isError: true,
              errors: [{ field: isOffered ? `otpCode-${wrong.factor}` : '', message: wrong.message }],
            }
          : {}),
      },
    };
  }

  chooseFailed(problem: Problem, context: PageContext): View {
    const resource = problem.details.forView as FactorsResource | undefined;
    const { errors } = errorContext(problem, context, '', ['otpCode']) as { errors: { message: string }[] };
    const { message } = errors[0]!;
    if (resource) return this.choose(resource, context, { factor: typed(context, 'factor'), message });
    // Without knowing what the user has, for example when the form itself was malformed.
    const base = baseOf(context.request);
    const isGone = isStepUp(base) && problem.status === 404;
    return {
      name: 'two-factor/refused',
      context: {
        title: context.text('twoFactor.title'),
        isError: true,
        errors: [{ message }],
        startPath: isGone ? this.returnTo(context) : this.startPath(context),
      },
    };
  }

  private startPath(context: PageContext): string {
    return `${baseOf(context.request)}?returnTo=${encodeURIComponent(this.returnTo(context))}`;
  }

  private surroundings(context: PageContext): ViewContext {
    const base = baseOf(context.request);
    const summary = context.request.res?.locals[SUMMARY] as string | undefined;
    return {
      ...(summary ? { title: context.text(titleOf(summary)), summary } : {}),
      verifyPath: `${base}/verify`,
      resendPath: `${base}/resend`,
      canCancel: false,
      startPath: this.startPath(context),
      again: context.text('twoFactor.goOn'),
      hidden: [{ name: 'returnTo', value: this.returnTo(context) }],
      ...this.trust(context),
    };
  }

  private trust(context: PageContext): ViewContext {
    const days = this.options.trustBrowserDays;
    if (isStepUp(baseOf(context.request)) || days === null) return {};
    return { trustDays: days, trustsBrowser: typed(context, 'trustBrowser') === 'on' };
  }
}

/** `GET /two-factor`: what can be shown. */
@Injectable()
export class ChoosePage extends PageView<FactorsResource> {
  constructor(private readonly forms: ChallengeForms) {
    super();
  }

  success(resource: FactorsResource, context: PageContext): View {
    return this.forms.choose(resource, context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.forms.chooseFailed(problem, context);
  }
}

/** A code is asked for: on to the code page, or back to the choice, where other factors are. */
@Injectable()
export class SendPage extends PageView<VerificationResource> {
  constructor(private readonly forms: ChallengeForms) {
    super();
  }

  success(resource: VerificationResource, context: PageContext): View {
    return this.forms.code(resource, context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.forms.chooseFailed(problem, context);
  }
}

/** A code is on its way, or was typed: on to where the person was going. */
@Injectable()
export class ChallengePage extends PageView<VerificationResource | AssuranceResource> {
  constructor(private readonly forms: ChallengeForms) {
    super();
  }

  success(resource: VerificationResource | AssuranceResource, context: PageContext): View | Redirect {
    if ('level' in resource) return { redirectTo: resource.next ?? this.forms.returnTo(context) };
    const resent = context.request.path.endsWith('/resend');
    return this.forms.code(resource, context, resent ? { notice: context.text('code.resent') } : {});
  }

  failure(problem: Problem, context: PageContext): View {
    return this.forms.codeFailed(problem, context);
  }
}

/** A code that nobody sent was typed: back to the choice if it was wrong. */
@Injectable()
export class OwnCodePage extends PageView<AssuranceResource> {
  constructor(private readonly forms: ChallengeForms) {
    super();
  }

  success(resource: AssuranceResource, context: PageContext): Redirect {
    return { redirectTo: resource.next ?? this.forms.returnTo(context) };
  }

  failure(problem: Problem, context: PageContext): View {
    return this.forms.chooseFailed(problem, context);
  }
}

export const CHALLENGE_PAGES = [ChallengeForms, ChoosePage, SendPage, ChallengePage, OwnCodePage];
