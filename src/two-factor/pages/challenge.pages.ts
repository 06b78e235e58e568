import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import {
  errorContext,
  type PageContext,
  PageView,
  type Problem,
  safePath,
  SeeOther,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { CodeForm, VerificationResource } from '../../verification/index.js';
import type { AssuranceResource, FactorsResource } from '../dto/resources.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';

/** `/two-factor`, or `/two-factor/step-up/<id>`: where the forms of a page lead. */
export const baseOf = ({ path }: Request): string => path.replace(/\/(challenge|verify|resend|code)\/?$/, '');

export const isStepUp = (base: string): boolean => base.includes('/step-up/');

const ownCodeField = (context: PageContext) =>
  typed(context, 'factor') === 'recovery' ? 'recoveryCode' : 'otpCode';

/** What all pages of a challenge have: where they came from, and where they go. */
@Injectable()
export class ChallengeForms {
  constructor(
    private readonly codes: CodeForm,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  returnTo(context: PageContext): string {
    return safePath(typed(context, 'returnTo'), this.options.homePath);
  }

  code(resource: VerificationResource, context: PageContext, more: ViewContext = {}): View {
    return this.codes.view(resource, context, { ...this.surroundings(context), ...more });
  }

  codeFailed(problem: Problem, context: PageContext): View {
    return this.codes.failed(problem, context, this.surroundings(context));
  }

  choose(resource: FactorsResource, context: PageContext, more: ViewContext = {}): View {
    const base = baseOf(context.request);
    const { factors, recoveryCodesLeft, summary, returnTo } = resource;
    return {
      name: 'two-factor/choose',
      context: {
        title: context.text(summary ? 'twoFactor.confirm.title' : 'twoFactor.title'),
        base,
        returnTo,
        summary,
        phones: factors.filter(({ method }) => method === 'sms').map((each) => ({ ...each })),
        apps: [...new Set(factors.filter(({ method }) => method !== 'sms').map(({ method }) => method))].map(
          (method) => ({ method, ...this.trust(base) }),
        ),
        hasNone: factors.length === 0,
        offersRecovery: recoveryCodesLeft > 0 && !isStepUp(base),
        ...this.trust(base),
        ...more,
      },
    };
  }

  /** Without knowing what the user has: the form that was sent, with the message. */
  chooseFailed(problem: Problem, context: PageContext, field = ownCodeField(context)): View {
    const resource = (problem.details.forView ?? {}) as Partial<FactorsResource>;
    const errors = errorContext(problem, context, field, ['otpCode']);
    return this.choose(
      {
        factors: resource.factors ?? [],
        recoveryCodesLeft: resource.recoveryCodesLeft ?? 0,
        returnTo: this.returnTo(context),
        ...(resource.summary ? { summary: resource.summary } : {}),
      } as FactorsResource,
      context,
      errors,
    );
  }

  private surroundings(context: PageContext): ViewContext {
    const base = baseOf(context.request);
    const returnTo = this.returnTo(context);
    return {
      verifyPath: `${base}/verify`,
      resendPath: `${base}/resend`,
      canCancel: false,
      startPath: `${base}?returnTo=${encodeURIComponent(returnTo)}`,
      again: context.text('twoFactor.goOn'),
      hidden: [{ name: 'returnTo', value: returnTo }],
      ...this.trust(base),
    };
  }

  private trust(base: string): ViewContext {
    const days = this.options.trustBrowserDays;
    return isStepUp(base) || days === null ? {} : { trustDays: days };
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
    return this.forms.chooseFailed(problem, context, '');
  }
}

/** A code is on its way, or was typed: on to where the person was going. */
@Injectable()
export class ChallengePage extends PageView<VerificationResource | AssuranceResource> {
  constructor(private readonly forms: ChallengeForms) {
    super();
  }

  success(resource: VerificationResource | AssuranceResource, context: PageContext): View {
    if ('level' in resource) throw new SeeOther(resource.next ?? this.forms.returnTo(context));
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

  success(resource: AssuranceResource, context: PageContext): View {
    throw new SeeOther(resource.next ?? this.forms.returnTo(context));
  }

  failure(problem: Problem, context: PageContext): View {
    return this.forms.chooseFailed(problem, context);
  }
}

export const CHALLENGE_PAGES = [ChallengeForms, ChoosePage, SendPage, ChallengePage, OwnCodePage];
