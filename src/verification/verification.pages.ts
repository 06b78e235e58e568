import { Inject, Injectable } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  PageView,
  type Problem,
  typed,
  type View,
  type ViewContext,
} from '../http/index.js';
import type { VerificationPolicy } from './domain/policy.js';
import type { Action } from './domain/verification-record.js';
import type { VerificationResource } from './dto/verification.resource.js';
import { countryChoices } from './verification.countries.js';
import {
  VERIFICATION_OPTIONS,
  VERIFICATION_POLICY,
  type VerificationModuleOptions,
} from './verification.options.js';

/** The page that asks for a phone number. */
@Injectable()
export class PhoneForm {
  constructor(
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
    @Inject(VERIFICATION_OPTIONS) private readonly options: VerificationModuleOptions,
  ) {}

  view(context: PageContext, more: ViewContext = {}): View {
    const country = typed(context, 'country').toUpperCase() || this.options.defaultCountry || '';
    return {
      name: 'phone',
      context: {
        title: context.text('phone.title'),
        phoneNumber: typed(context, 'phoneNumber'),
        countries: countryChoices(context.locale, this.policy.allowedCountries, country),
        startPath: '/request-otp',
        ...more,
      },
    };
  }

  failed(problem: Problem, context: PageContext, surroundings: ViewContext = {}): View {
    const errors = errorContext(problem, context, 'phoneNumber', ['phoneNumber', 'country']);
    return this.view(context, { ...surroundings, ...errors });
  }
}

/** The code page shows exactly the actions of the request as forms; when it is over, none. */
@Injectable()
export class CodeForm {
  constructor(@Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy) {}

  view(resource: VerificationResource, context: PageContext, more: ViewContext = {}): View {
    const { text } = context;
    if (resource.status === 'VERIFIED') {
      const { phoneNumber } = resource;
      return this.result({ title: text('result.title'), phoneNumber, ...more });
    }
    if (resource.status !== 'PENDING' && !more['isError']) {
      const code = { FAILED: 'expired', EXPIRED: 'expired', CANCELLED: 'cancelled' }[resource.status];
      const message = text(`problem.${code}.detail`);
      return this.form(resource.requestId, [], context, { isError: true, errors: [{ field: '', message }] });
    }
    const waitMs = Date.parse(resource.resendAvailableAt ?? '') - Date.now();
    const isElsewhere = resource.status === 'PENDING' && resource.requestedElsewhere === true;
    return this.form(resource.requestId, resource.actions, context, {
      isElsewhere,
      phoneNumber: resource.phoneNumber,
      isVoice: resource.channel === 'voice',
      resendWaitSeconds: Math.max(0, Math.ceil((waitMs || 0) / 1000)),
      isSending: resource.status === 'PENDING' && !isElsewhere && !resource.actions.includes('verify'),
      ...more,
    });
  }

  /** @param surroundings what else the page shows, and where its forms lead when it is not the tutorial's */
  failed(problem: Problem, context: PageContext, surroundings: ViewContext = {}): View {
    const resource = problem.details.forView as VerificationResource | undefined;
    const more: ViewContext = {
      ...surroundings,
      ...errorContext(problem, context, 'otpCode', ['otpCode']),
      otpCode: problem.code === 'wrong-code' ? '' : typed(context, 'otpCode'),
    };
    if (resource?.status === 'VERIFIED') {
      return this.result({ title: context.text('result.title'), ...more });
    }
    if (resource) return this.view(resource, context, more);
    const usable = problem.status !== 404 && problem.status !== 410;
    const requestId = typed(context, 'requestId');
    return this.form(requestId, usable && requestId ? ['verify', 'resend', 'cancel'] : [], context, more);
  }

  private result(context: ViewContext): View {
    return { name: 'result', context: { startPath: '/', ...context } };
  }

  private form(
    requestId: string,
    actions: readonly Action[],
    { text }: PageContext,
    more: ViewContext,
  ): View {
    return {
      name: 'code',
      context: {
        title: text('code.title'),
        requestId,
        codeLength: this.policy.codeLength,
        canVerify: actions.includes('verify'),
        canResend: actions.includes('resend'),
        canCancel: actions.includes('cancel'),
        verifyPath: '/verify-otp',
        resendPath: '/resend-otp',
        cancelPath: '/cancel-otp',
        startPath: '/',
        ...more,
      },
    };
  }
}

/** `GET /`: the phone form. */
@Injectable()
export class PhonePage extends PageView<unknown> {
  constructor(private readonly phone: PhoneForm) {
    super();
  }

  success(_body: unknown, context: PageContext): View {
    return this.phone.view(context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.phone.failed(problem, context);
  }
}

/** `POST /request-otp`: on to the code page, or the phone form again. */
@Injectable()
export class StartPage extends PageView<VerificationResource> {
  constructor(
    private readonly phone: PhoneForm,
    private readonly code: CodeForm,
  ) {
    super();
  }

  success(resource: VerificationResource, context: PageContext): View {
    return this.code.view(resource, context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.phone.failed(problem, context);
  }
}

/** Everything that stays on the code page until it ends on the result. */
@Injectable()
export class CodePage extends PageView<VerificationResource> {
  constructor(private readonly code: CodeForm) {
    super();
  }

  success(resource: VerificationResource, context: PageContext): View {
    const resent = context.request.path === '/resend-otp' && context.request.method === 'POST';
    return this.code.view(resource, context, resent ? { notice: context.text('code.resent') } : {});
  }

  failure(problem: Problem, context: PageContext): View {
    return this.code.failed(problem, context);
  }
}

/** `POST /cancel-otp`: back to an empty phone form. */
@Injectable()
export class CancelPage extends PageView<VerificationResource> {
  constructor(
    private readonly phone: PhoneForm,
    private readonly code: CodeForm,
  ) {
    super();
  }

  success(_resource: VerificationResource, context: PageContext): View {
    return this.phone.view(context, { notice: context.text('phone.cancelled') });
  }

  failure(problem: Problem, context: PageContext): View {
    return this.code.failed(problem, context);
  }
}

export const VERIFICATION_PAGES = [PhoneForm, CodeForm, PhonePage, StartPage, CodePage, CancelPage];
