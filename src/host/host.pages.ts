import { Injectable } from '@nestjs/common';
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
} from '../http/index.js';
import type { AssuranceResource } from '../two-factor/index.js';
import type { AccountResource, UserResource } from './dto.js';
import { momentFormat } from './moments.js';
import { sessionContexts } from './sessions/session-contexts.js';

export const HOME = '/account';
export const MAX_EMAIL_LENGTH = 254;
/** The others are on a page of their own. */
const SHOWN_SESSIONS = 5;

/** The field that a problem is shown at. None for a connection that is not secure: no other input would help. */
export const blamedField = ({ code }: Problem, field: string): string =>
  code === 'insecure-connection' ? '' : field;

/** The sign-in form. After sign-in, redirects to the second factor or to `returnTo`. */
@Injectable()
export class SignInPage extends PageView<AssuranceResource> {
  success({ next }: AssuranceResource, context: PageContext): View | Redirect {
    return next ? { redirectTo: next } : this.form(context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.form(
      context,
      errorContext(problem, context, blamedField(problem, 'email'), ['email', 'password']),
    );
  }

  private form(context: PageContext, more: ViewContext = {}): View {
    const again = typed(context, 'again');
    const query = { returnTo: returnPath(context, HOME), ...(again && { again }) };
    return {
      name: 'host/sign-in',
      address: `/sign-in?${new URLSearchParams(query)}`,
      context: {
        title: context.text('host.sign-in'),
        email: typed(context, 'email', MAX_EMAIL_LENGTH),
        ...query,
        ...more,
      },
    };
  }
}

/** A page without a form. Its failures have a page of their own. */
export abstract class PlainPage<Body> extends PageView<Body> {
  failure(problem: Problem, context: PageContext): View {
    return {
      name: 'host/refused',
      address: HOME,
      context: { title: context.text('host.refused'), ...errorContext(problem, context, '', []) },
    };
  }
}

@Injectable()
export class SignOutPage extends PlainPage<void> {
  success(): Redirect {
    return { redirectTo: '/sign-in' };
  }
}

@Injectable()
export class AccountPage extends PlainPage<AccountResource> {
  success(account: AccountResource, { text, formatting }: PageContext): View {
    const { email, role, assurance, factors, recoveryCodesLeft, sessions, activity } = account;
    const { locale, timeZone } = formatting;
    const time = momentFormat(formatting);
    // `mfa` says no more than that there were several.
    const methods = assurance.amr.filter((method) => method !== 'mfa');
    return {
      name: 'host/account',
      address: HOME,
      context: {
        title: text('host.account'),
        email,
        isAdmin: role === 'admin',
        methods: new Intl.ListFormat(locale).format(methods.map((method) => text(`host.method.${method}`))),
        hasOneFactor: assurance.level === 'first-factor',
        factors: factors.map(({ method, label, hint }) => ({
          name: text(`host.factor.${method}`),
          label,
          hint,
        })),
        recoveryCodesLeft,
        sessions: sessionContexts(sessions.slice(0, SHOWN_SESSIONS), formatting),
        timeZone: timeZone.replaceAll('_', ' '),
        activity: activity.map(({ type, detail, at }) => ({
          text: text(`host.activity.${type}`),
          detail,
          at: time.format(new Date(at)),
        })),
      },
    };
  }
}

@Injectable()
export class UsersPage extends PlainPage<UserResource[]> {
  success(users: UserResource[], { text }: PageContext): View {
    return {
      name: 'host/users',
      context: { title: text('host.users'), users: users.map(({ email, role }) => ({ email, role })) },
    };
  }
}

export const HOST_PAGES = [SignInPage, SignOutPage, AccountPage, UsersPage];
