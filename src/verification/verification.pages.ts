import { Injectable } from '@nestjs/common';
import { type PageContext, PageView, type Problem, typed, type View } from '../http/index.js';
import type { VerificationResource } from './dto/verification.resource.js';
import { CodeForm } from './verification.code-form.js';
import { PhoneForm } from './verification.forms.js';

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

/** `POST /request-otp`: the code page, or the page again that it was sent from: the phone form or that of a code that is over. */
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
    return typed(context, 'requestId')
      ? this.code.failed(problem, context)
      : this.phone.failed(problem, context);
  }
}

/** `GET /verify-otp`, `POST /verify-otp`, `GET /verifications/:requestId`: the code page, or the result page. */
@Injectable()
export class CodePage extends PageView<VerificationResource> {
  constructor(protected readonly code: CodeForm) {
    super();
  }

  success(resource: VerificationResource, context: PageContext): View {
    return this.code.view(resource, context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.code.failed(problem, context);
  }
}

/** `POST /resend-otp`: the code page, with the notice that a new code was sent. */
@Injectable()
export class ResendPage extends CodePage {
  override success(resource: VerificationResource, context: PageContext): View {
    return this.code.view(resource, context, { notice: context.text('code.resent') });
  }
}

/** `POST /cancel-otp`: an empty phone form. */
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

export const VERIFICATION_PAGES = [PhonePage, StartPage, CodePage, ResendPage, CancelPage];
