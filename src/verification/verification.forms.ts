import { Inject, Injectable } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  preferredRegion,
  type Problem,
  typed,
  type View,
  type ViewContext,
} from '../http/index.js';
import { LONGEST_TYPED_CODE } from './domain/one-time-code.js';
import type { VerificationPolicy } from './domain/policy.js';
import type { Action } from './domain/verification-record.js';
import type { VerificationResource } from './dto/verification.resource.js';
import { isCountry } from './domain/phone-number.js';
import { VerificationProvider } from './provider/verification-provider.js';
import { countryChoices, exampleNumber } from './verification.countries.js';
import {
  VERIFICATION_OPTIONS,
  VERIFICATION_POLICY,
  type ResolvedVerificationOptions,
} from './verification.options.js';
import { CALL_INSTEAD } from './verification.problems.js';

/** The form that asks for a phone number. Other modules use it with paths of their own. */
@Injectable()
export class PhoneForm {
  constructor(
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
    @Inject(VERIFICATION_OPTIONS) private readonly options: ResolvedVerificationOptions,
  ) {}

  view(context: PageContext, more: ViewContext = {}): View {
    return {
      name: 'phone',
      address: `${context.base}/`,
      context: {
        title: context.text('phone.title'),
        phoneNumber: typed(context, 'phoneNumber'),
        startPath: `${context.base}/request-otp`,
        ...this.countryContext(context),
        ...more,
      },
    };
  }

  /** What a form needs that asks for a number: the countries, one of them chosen, and an example that fits. */
  countryContext(context: PageContext): ViewContext {
    const country = this.countryFor(context);
    const { allowedCountries } = this.policy;
    const example = exampleNumber(country || allowedCountries?.[0] || 'US');
    const key = country === example.country ? 'phone.hint' : 'phone.hint.international';
    return {
      countries: countryChoices(context.locale, allowedCountries, country),
      numberHint: context.text(key, {
        national: example.national,
        international: example.international,
      }),
    };
  }

  /**
   * The country that the form proposes: the one that was typed, the default country, or a guess by the browser's language.
   * The guess is never more than a proposal: a number without a country is not read with it.
   */
  private countryFor({ request, input: { country } }: PageContext): string {
    if (typeof country === 'string' && country) return country.toUpperCase();
    if (this.options.defaultCountry || country !== undefined) return this.options.defaultCountry ?? '';
    const guess = preferredRegion(request) ?? '';
    const { allowedCountries } = this.policy;
    return isCountry(guess) && (allowedCountries?.includes(guess) ?? true) ? guess : '';
  }

  failed(problem: Problem, context: PageContext, more: ViewContext = {}): View {
    const errors = errorContext(problem, context, 'phoneNumber', ['phoneNumber', 'country']);
    // A landline takes calls, and the form that refuses a text message offers one.
    const offersCall = problem.details.forView === CALL_INSTEAD;
    return this.view(context, { ...more, ...errors, offersCall });
  }
}

/** The page that asks for a code. It has a form for each action that the request allows. */
@Injectable()
export class CodeForm {
  constructor(
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
    private readonly provider: VerificationProvider,
  ) {}

  /** Whether people can be called. */
  get offersCalls(): boolean {
    return this.provider.channels.includes('voice');
  }

  view(resource: VerificationResource, context: PageContext, more: ViewContext = {}): View {
    const { text } = context;
    if (resource.status === 'VERIFIED') {
      const { phoneNumber } = resource;
      return this.result(resource.requestId, context, { phoneNumber, ...more });
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

  /** Shows the same page again with the problem's messages. */
  failed(problem: Problem, context: PageContext, surroundings: ViewContext = {}): View {
    const resource = problem.details.forView as VerificationResource | undefined;
    const more: ViewContext = {
      ...surroundings,
      ...errorContext(problem, context, 'otpCode', ['otpCode']),
      otpCode: problem.code === 'wrong-code' ? '' : typed(context, 'otpCode', LONGEST_TYPED_CODE),
    };
    // A second tab, or the same code again: what it wanted is done.
    if (resource?.status === 'VERIFIED') {
      const { requestId, phoneNumber } = resource;
      return this.result(requestId, context, { ...surroundings, phoneNumber });
    }
    // Pages of other modules may bring other details, without a request.
    if (resource?.requestId) return this.view(resource, context, more);
    const usable = problem.getStatus() !== 404 && problem.getStatus() !== 410;
    const requestId = typed(context, 'requestId');
    return this.form(requestId, usable && requestId ? ['verify', 'resend', 'cancel'] : [], context, more);
  }

  private result(requestId: string, { base, text }: PageContext, more: ViewContext): View {
    return {
      name: 'result',
      address: addressOf(`${base}/verify-otp`, requestId),
      context: { title: text('result.title'), startPath: `${base}/`, ...more },
    };
  }

  private form(
    requestId: string,
    actions: readonly Action[],
    { base, text }: PageContext,
    more: ViewContext,
  ): View {
    return {
      name: 'code',
      address: addressOf(`${base}/verify-otp`, requestId),
      context: {
        title: text('code.title'),
        requestId,
        codeLength: this.policy.codeLength,
        canVerify: actions.includes('verify'),
        canResend: actions.includes('resend'),
        offersCalls: this.offersCalls,
        canCancel: actions.includes('cancel'),
        verifyPath: `${base}/verify-otp`,
        resendPath: `${base}/resend-otp`,
        cancelPath: `${base}/cancel-otp`,
        startPath: `${base}/`,
        ...more,
      },
    };
  }
}

/** Where a GET shows the page of a request. */
const addressOf = (path: string, requestId: string): string =>
  `${path}?${new URLSearchParams({ requestId })}`;
