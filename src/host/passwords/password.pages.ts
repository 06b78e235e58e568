import { Injectable } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  PageView,
  type Problem,
  type Redirect,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import type { AssuranceResource } from '../../two-factor/index.js';
import type { LinkResource, MailedResource, PasswordResource } from '../dto.js';
import { invalidLink } from '../host.problems.js';
import { blamedField, HOME, MAX_EMAIL_LENGTH } from '../host.pages.js';

/** Asks for an email address. Afterwards tells the user to check their email. */
abstract class EmailPage extends PageView<AssuranceResource | MailedResource> {
  /** The page's messages are `host.<name>` and `host.<name>.hint`. */
  protected abstract readonly name: string;
  /** The message that says to which address a link was sent. */
  protected abstract readonly sent: string;

  success(body: AssuranceResource | MailedResource, context: PageContext): View | Redirect {
    if (!('status' in body)) return body.next ? { redirectTo: body.next } : this.form(context);
    return {
      name: 'host/check-mail',
      address: context.base,
      once: true,
      context: {
        title: context.text('host.checkMail'),
        sent: context.text(this.sent),
        email: typed(context, 'email', MAX_EMAIL_LENGTH),
      },
    };
  }

  failure(problem: Problem, context: PageContext): View {
    return this.form(context, errorContext(problem, context, blamedField(problem, 'email'), ['email']));
  }

  private form(context: PageContext, more: ViewContext = {}): View {
    return {
      name: 'host/ask-email',
      address: context.base,
      context: {
        title: context.text(`host.${this.name}`),
        hint: context.text(`host.${this.name}.hint`),
        action: context.base,
        email: typed(context, 'email', MAX_EMAIL_LENGTH),
        ...more,
      },
    };
  }
}

@Injectable()
export class SignUpPage extends EmailPage {
  protected readonly name = 'sign-up';
  protected readonly sent = 'host.checkMail.sent';
}

@Injectable()
export class PasswordResetPage extends EmailPage {
  protected readonly name = 'password-reset';
  // Without an account there is no email, and nobody may learn that.
  protected readonly sent = 'host.checkMail.reset';
}

/** Asks for a new password. A link in an email leads here. */
abstract class ChoosePasswordPage<Done> extends PageView<LinkResource | Done> {
  protected abstract readonly name: string;
  /** Where to go afterwards, and what is said there. */
  protected abstract next(body: Done, context: PageContext): Redirect;

  success(body: LinkResource | Done, context: PageContext): View | Redirect {
    if (isLink(body)) return this.form(context);
    return this.next(body, context);
  }

  failure(problem: Problem, context: PageContext): View {
    // A link that was cut off has no token.
    const hasNoToken = problem.details.errors?.some(({ field }) => field === 'token');
    if (hasNoToken || problem.code === 'invalid-link')
      return this.form(context, {
        ...errorContext(invalidLink(), context, '', []),
        startAgain: context.base,
      });
    return this.form(context, errorContext(problem, context, blamedField(problem, 'password'), ['password']));
  }

  private form(context: PageContext, more: ViewContext = {}): View {
    return {
      name: 'host/choose-password',
      // As the link in the email has it.
      address: `${context.base}/finish?${new URLSearchParams({ token: typed(context, 'token') })}`,
      context: {
        title: context.text('host.choosePassword'),
        action: `${context.base}/finish`,
        submit: context.text(`host.${this.name}.finish`),
        token: typed(context, 'token'),
        ...more,
      },
    };
  }
}

const isLink = (body: unknown): body is LinkResource => (body as LinkResource).status === 'choose-password';

@Injectable()
export class SignUpFinishPage extends ChoosePasswordPage<AssuranceResource> {
  protected readonly name = 'sign-up';

  protected next({ next }: AssuranceResource): Redirect {
    return { redirectTo: next ?? HOME };
  }
}

@Injectable()
export class PasswordResetFinishPage extends ChoosePasswordPage<PasswordResource> {
  protected readonly name = 'password-reset';

  protected next(_done: PasswordResource, { text }: PageContext): Redirect {
    return { redirectTo: '/sign-in', notice: text('host.passwordChanged.signIn') };
  }
}

@Injectable()
export class PasswordPage extends PageView<AssuranceResource | PasswordResource> {
  success(body: AssuranceResource | PasswordResource, context: PageContext): View {
    return this.form(context, 'status' in body ? { notice: context.text('host.passwordChanged') } : {});
  }

  failure(problem: Problem, context: PageContext): View {
    return this.form(
      context,
      errorContext(problem, context, 'currentPassword', ['currentPassword', 'password']),
    );
  }

  private form(context: PageContext, more: ViewContext = {}): View {
    return {
      name: 'host/change-password',
      address: '/account/password',
      context: { title: context.text('host.changePassword'), ...more },
    };
  }
}

export const PASSWORD_PAGES = [
  SignUpPage,
  SignUpFinishPage,
  PasswordResetPage,
  PasswordResetFinishPage,
  PasswordPage,
];
