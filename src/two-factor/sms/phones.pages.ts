import { Injectable } from '@nestjs/common';
import {
  type PageContext,
  PageView,
  type Problem,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { CodeForm, PhoneForm, type VerificationResource } from '../../verification/index.js';
import { ChangePage } from '../enrolment/settings.pages.js';
import type { SettingsResource } from '../enrolment/settings.resource.js';

/** The fields that an enrolment carries from page to page. The phone's name travels with the request. */
const carriedFields = (context: PageContext, names: readonly string[] = ['label', 'replaces']) =>
  names.map((name) => ({ name, value: typed(context, name) })).filter(({ value }) => value !== '');

/** An address of the enrolment, which says what phone the new number replaces. */
function addressOf(path: string, context: PageContext, requestId?: string): string {
  const replaces = typed(context, 'replaces');
  const query = new URLSearchParams({ ...(requestId && { requestId }), ...(replaces && { replaces }) });
  return `${context.base}${path}${query.size > 0 ? `?${query}` : ''}`;
}

/** The form for a number that is to become a factor. */
@Injectable()
export class NewPhoneForm {
  constructor(private readonly phones: PhoneForm) {}

  view(context: PageContext): View {
    return this.ofOurs(this.phones.view(context, this.around(context)), context);
  }

  failed(problem: Problem, context: PageContext): View {
    return this.ofOurs(this.phones.failed(problem, context, this.around(context)), context);
  }

  private ofOurs(view: View, context: PageContext): View {
    return { ...view, address: addressOf('/phones', context) };
  }

  private around(context: PageContext): ViewContext {
    return {
      title: context.text('settings.addPhone'),
      startPath: `${context.base}/phones`,
      backPath: `${context.base}/settings`,
      back: context.text('settings.back'),
      hidden: carriedFields(context, ['label', 'replaces']),
    };
  }
}

/** The form for the code that proves it. */
@Injectable()
export class NewPhoneCodeForm {
  constructor(private readonly codes: CodeForm) {}

  view(resource: VerificationResource, context: PageContext, more: ViewContext = {}): View {
    const { requestId } = resource;
    const view = this.codes.view(resource, context, { ...this.around(context, requestId), ...more });
    return { ...view, address: addressOf('/phones/verify', context, requestId) };
  }

  failed(problem: Problem, context: PageContext): View {
    const requestId = typed(context, 'requestId');
    const view = this.codes.failed(problem, context, this.around(context, requestId));
    return { ...view, address: addressOf('/phones/verify', context, requestId) };
  }

  private around(context: PageContext, requestId: string): ViewContext {
    return {
      watchPath: addressOf('/phones/verify', context, requestId),
      restartPath: `${context.base}/phones/restart`,
      restartFields: [{ name: 'requestId', value: requestId }, ...carriedFields(context)],
      otherPath: addressOf('/phones', context),
      other: context.text('code.changeNumber'),
      verifyPath: `${context.base}/phones/verify`,
      resendPath: `${context.base}/phones/resend`,
      canCancel: false,
      startPath: `${context.base}/settings`,
      again: context.text('settings.title'),
      hidden: carriedFields(context),
    };
  }
}

/** The form for a number. */
@Injectable()
export class NewPhonePage extends PageView<SettingsResource> {
  constructor(private readonly phones: NewPhoneForm) {
    super();
  }

  success(_settings: SettingsResource, context: PageContext): View {
    return this.phones.view(context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.phones.failed(problem, context);
  }
}

/** Sends a code to a new number: continues on the code page, or on the phone form again. */
@Injectable()
export class EnrolPhonePage extends PageView<VerificationResource> {
  constructor(
    private readonly phones: NewPhoneForm,
    private readonly codes: NewPhoneCodeForm,
  ) {
    super();
  }

  success(resource: VerificationResource, context: PageContext): View {
    return this.codes.view(resource, context);
  }

  failure(problem: Problem, context: PageContext): View {
    const view = this.phones.failed(problem, context);
    // A browser comes from the settings, which show the error beside the field. They offer no call to a landline.
    const isOfSettings = typed(context, 'replaces') === '' && problem.details.forView === undefined;
    return isOfSettings ? { ...view, address: `${context.base}/settings` } : view;
  }
}

/** The form for the code. */
@Injectable()
export class PhoneCodePage extends PageView<VerificationResource> {
  constructor(protected readonly codes: NewPhoneCodeForm) {
    super();
  }

  success(resource: VerificationResource, context: PageContext): View {
    return this.codes.view(resource, context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.codes.failed(problem, context);
  }
}

/** Sends a new code: the same form, which says so. */
@Injectable()
export class PhoneResentPage extends PhoneCodePage {
  override success(resource: VerificationResource, context: PageContext): View {
    return this.codes.view(resource, context, { notice: context.text('code.resent') });
  }
}

/** Checks the code: continues in the settings, or on the form again. */
@Injectable()
export class ProvePhonePage extends ChangePage {
  protected override readonly offersRecoveryCodes = true;

  constructor(private readonly codes: NewPhoneCodeForm) {
    super();
  }

  override failure(problem: Problem, context: PageContext): View {
    return this.codes.failed(problem, context);
  }
}

/** The providers of the pages above. */
export const PHONE_PAGES = [
  NewPhoneForm,
  NewPhoneCodeForm,
  NewPhonePage,
  EnrolPhonePage,
  PhoneCodePage,
  PhoneResentPage,
  ProvePhonePage,
];
