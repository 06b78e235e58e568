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

export const HOME = '/account';
export const MAX_EMAIL_LENGTH = 254;

/** The field that a problem is shown at. None for a connection that is not secure: no other input would help. */
export const blamedField = ({ code }: Problem, field: string): string =>
  code === 'insecure-connection' ? '' : field;

/** The sign-in form. After sign-in, redirects to the second factor or to `returnTo`. */
@Injectable()
export class SignInPage extends PageView<AssuranceResource> {
  success({ next }: AssuranceResource, context: PageContext): View | Redirect {
    if (next) return { redirectTo: next };
    const isReset = context.request.query['password'] === 'changed';
    return this.form(context, isReset ? { notice: context.text('host.passwordChanged.signIn') } : {});
  }

  failure(problem: Problem, context: PageContext): View {
    return this.form(
      context,
      errorContext(problem, context, blamedField(problem, 'email'), ['email', 'password']),
    );
  }

  private form(context: PageContext, more: ViewContext = {}): View {
    return {
      name: 'host/sign-in',
      address: `/sign-in?${new URLSearchParams({ returnTo: returnPath(context, HOME) })}`,
      context: {
        title: context.text('host.sign-in'),
        email: typed(context, 'email', MAX_EMAIL_LENGTH),
        returnTo: returnPath(context, HOME),
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
  success({ email, role, assurance }: AccountResource, { text, locale }: PageContext): View {
    const { amr, level } = assurance;
    // `mfa` says no more than that there were several.
    const methods = amr.filter((method) => method !== 'mfa').map((method) => text(`host.method.${method}`));
    return {
      name: 'host/account',
      context: {
        title: text('host.account'),
        email,
        isAdmin: role === 'admin',
        methods: new Intl.ListFormat(locale).format(methods),
        hasOneFactor: level === 'first-factor',
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
