import { Injectable } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  type Problem,
  type Redirect,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { SCOPES } from '../access/scopes.js';
import { AdminPage, moment, reasonOf } from '../pages/admin.page.js';
import { untilInput } from '../pages/moment-inputs.js';
import type { CreatedTokenResource, TokenResource, TokensResource } from './tokens.dto.js';

/** Tokens and the form for one; a new one is shown once. */
@Injectable()
export class TokensPage extends AdminPage<TokensResource | CreatedTokenResource> {
  protected readonly path = '/tokens';

  success(resource: TokensResource | CreatedTokenResource, context: PageContext): View {
    if ('token' in resource) {
      const { token, name } = resource;
      return {
        name: 'admin/token',
        address: this.paths.at(this.path),
        once: true,
        context: {
          title: context.text('admin.tokens.made'),
          token,
          name,
          backPath: this.paths.at(this.path),
        },
      };
    }
    return this.view(context, {
      tokens: resource.tokens.map((token) => ({
        ...token,
        scopes: token.scopes.join(', '),
        createdAt: moment(token.createdAt),
        expiresAt: moment(token.expiresAt),
        lastUsedAt: moment(token.lastUsedAt),
        revokedAt: moment(token.revokedAt),
      })),
    });
  }

  override failure(problem: Problem, context: PageContext): View | Redirect {
    if (problem.getStatus() !== 400 || context.request.method === 'GET')
      return super.failure(problem, context);
    return this.view(context, errorContext(problem, context, '', ['name', 'scopes', 'until', 'reason']));
  }

  private view(context: PageContext, more: ViewContext): View {
    return {
      name: 'admin/tokens',
      address: this.paths.at(this.path),
      context: {
        title: context.text('admin.tokens.title'),
        choices: SCOPES.map((scope) => ({
          scope,
          id: `scope-${scope.replace(':', '-')}`,
          checked: [context.input['scopes']].flat().includes(scope),
        })),
        name: typed(context, 'name'),
        until: untilInput(context),
        reason: reasonOf(context),
        ...more,
      },
    };
  }
}

/** A token was revoked: back to the list. */
@Injectable()
export class TokenRevokedPage extends AdminPage<TokenResource> {
  protected readonly path = '/tokens';

  success(_: TokenResource, context: PageContext): Redirect {
    return this.done('token-revoked', context);
  }
}
