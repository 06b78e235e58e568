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
import type { VerificationPolicy } from './domain/policy.js';
import { isCountry } from './domain/phone-number.js';
import { countryChoices, exampleNumber, exampleNumbers } from './verification.countries.js';
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

  /** The form for a phone number. */
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
    const { text, locale } = context;
    const example = exampleNumber(country || allowedCountries?.[0] || 'US');
    const { national, international } = example;
    return {
      countries: countryChoices(locale, allowedCountries, country),
      numberHint: text(country === example.country ? 'phone.hint' : 'phone.hint.international', {
        national,
        international,
      }),
      examples: exampleNumbers(allowedCountries),
      // For another country that is chosen: the script puts its example in the place of the words in braces.
      hintNational: text('phone.hint', { national: '{national}', international: '{international}' }),
      hintOther: text('phone.hint.international', { international }),
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

  /** The form again, with what was entered and why it was refused. */
  failed(problem: Problem, context: PageContext, more: ViewContext = {}): View {
    const errors = errorContext(problem, context, 'phoneNumber', ['phoneNumber', 'country']);
    // A landline takes calls, and the form that refuses a text message offers one.
    const offersCall = problem.details.forView === CALL_INSTEAD;
    return this.view(context, { ...more, ...errors, offersCall });
  }
}
