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

/** The fields that an enrolment carries from page to page. */
const carriedFields = (context: PageContext) =>
  ['label', 'replaces']
    .map((name) => ({ name, value: typed(context, name) }))
    .filter(({ value }) => value !== '');

const aroundCode = (context: PageContext): ViewContext => ({
  verifyPath: `${context.base}/phones/verify`,
  resendPath: `${context.base}/phones/resend`,
  canCancel: false,
  startPath: `${context.base}/settings`,
  again: context.text('settings.title'),
  hidden: carriedFields(context),
});

/** Sends a code to a new number: continues on the code page, or on the phone form again. */
@Injectable()
export class EnrolPhonePage extends PageView<VerificationResource> {
  constructor(
    private readonly phones: PhoneForm,
    private readonly codes: CodeForm,
  ) {
    super();
  }

  success(resource: VerificationResource, context: PageContext): View {
    return this.codes.view(resource, context, aroundCode(context));
  }

  failure(problem: Problem, context: PageContext): View {
    return this.phones.failed(problem, context, {
      startPath: `${context.base}/phones`,
      backPath: `${context.base}/settings`,
      back: context.text('settings.back'),
      hidden: carriedFields(context),
    });
  }
}

/** The form for the code. */
@Injectable()
export class PhoneCodePage extends PageView<VerificationResource> {
  constructor(protected readonly codes: CodeForm) {
    super();
  }

  success(resource: VerificationResource, context: PageContext): View {
    return this.codes.view(resource, context, aroundCode(context));
  }

  failure(problem: Problem, context: PageContext): View {
    return this.codes.failed(problem, context, aroundCode(context));
  }
}

/** Sends a new code: the same form, which says so. */
@Injectable()
export class PhoneResentPage extends PhoneCodePage {
  override success(resource: VerificationResource, context: PageContext): View {
    const notice = context.text('code.resent');
    return this.codes.view(resource, context, { ...aroundCode(context), notice });
  }
}

/** Checks the code: continues in the settings, or on the form again. */
@Injectable()
export class ProvePhonePage extends ChangePage {
  constructor(private readonly codes: CodeForm) {
    super();
  }

  override failure(problem: Problem, context: PageContext): View {
    return this.codes.failed(problem, context, aroundCode(context));
  }
}

/** The providers of the pages above. */
export const PHONE_PAGES = [EnrolPhonePage, PhoneCodePage, PhoneResentPage, ProvePhonePage];
