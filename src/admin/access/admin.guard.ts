import { type CanActivate, type ExecutionContext, Inject, Injectable, Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { Problem, showOnPage, withHiddenCharactersShown } from '../../http/index.js';
import {
  AccountOnPageGuard,
  KeptPosts,
  signInRequired,
  TWO_FACTOR_ERRORS,
  TwoFactorPaths,
  TwoFactorService,
} from '../../two-factor/index.js';
import { ADMIN_OPTIONS, type ResolvedAdminOptions } from '../admin.options.js';
import { rememberAdministrator } from './administrator.js';
import { ACT, type ActOfForm } from './act.js';
import { AdminPaths } from './admin-paths.js';
import { ApiTokens, type KnownToken } from './api-tokens.service.js';
import { SCOPE, type Scope } from './scopes.js';

const BEARER = /^Bearer +(\S+)$/i;

/** The role `admin` with a second factor shown just now, or a token with the scope of the route. Everybody else: logged. */
@Injectable()
export class AdminGuard implements CanActivate {
  private readonly logger = new Logger(AdminGuard.name);

  constructor(
    private readonly reflector: Reflector,
    private readonly twoFactor: TwoFactorService,
    private readonly tokens: ApiTokens,
    private readonly paths: AdminPaths,
    private readonly twoFactorPaths: TwoFactorPaths,
    private readonly accountOnPage: AccountOnPageGuard,
    private readonly keptPosts: KeptPosts,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const scope = this.reflector.get<Scope | undefined>(SCOPE, context.getHandler());
    if (!scope) throw new Error(`${context.getHandler().name} names no scope`);
    const route = `${request.method} ${context.getClass().name}.${context.getHandler().name}`;
    const authorization = request.get('authorization');
    // Who shows a token is judged by it alone: a session beside it adds nothing.
    if (authorization !== undefined) {
      const { id } = await this.fromToken(authorization, scope, route);
      rememberAdministrator(request, { actor: `token:${id}` });
    } else {
      rememberAdministrator(request, { actor: `user:${await this.fromSession(request, route, context)}` });
    }
    // Only now: the menu is for those who may open it.
    showOnPage(request, { adminPath: this.paths.at() });
    return true;
  }

  private async fromToken(authorization: string, scope: Scope, route: string): Promise<KnownToken> {
    const token = BEARER.exec(authorization)?.[1];
    const known = token ? await this.tokens.authenticate(token) : null;
    if (!known) {
      this.logger.warn({ route }, 'an unknown API token');
      throw Problem.http('unauthorized', { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } });
    }
    if (!known.scopes.includes(scope)) {
      this.logger.warn({ route, token: known.id, scope }, 'an API token without the scope');
      throw Problem.http('forbidden', {
        headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
      });
    }
    return known;
  }

  private async fromSession(request: Request, route: string, context: ExecutionContext): Promise<string> {
    const here = this.twoFactorPaths.here(request) ?? this.paths.at('/verifications');
    const assurance = await this.twoFactor.assurance(request);
    const { userId } = assurance;
    if (userId === null) throw signInRequired(this.twoFactorPaths, here);
    await this.accountOnPage.show(request, userId);
    if (!(await this.options.isAdmin(userId))) {
      this.logger.warn({ route, userId }, 'somebody without the role on an administrator’s route');
      throw Problem.http('forbidden');
    }
    const missing = await this.twoFactor.missing(request, { maxAgeSeconds: this.options.freshSeconds });
    if (missing && !(await this.twoFactor.hasFactors(userId)))
      throw enrolmentRequired(this.twoFactorPaths.settings);
    if (missing)
      throw await this.keptPosts.confirmationOf(request, assurance, missing, this.aboutAct(request, context));
    await this.keptPosts.restore(request, assurance);
    return userId;
  }

  /** What the person is asked to confirm, and where the form is. */
  private aboutAct(request: Request, context: ExecutionContext) {
    const act = this.reflector.get<ActOfForm | undefined>(ACT, context.getHandler());
    const page = this.paths.at((act?.page ?? '/verifications').replace(':id', String(request.params['id'])));
    if (!act) return { page };
    return {
      question: { key: `admin.act.${act.name}`, parameters: { what: subjectOf(request.body) } },
      page,
    };
  }
}

/** What a form is about, as far as one may read it: of a number only its last digits. */
function subjectOf(body: unknown): string {
  const { value, name, label, userId, phoneNumber } = (body ?? {}) as Record<string, unknown>;
  const subject = [value, name, label, userId, phoneNumber].find((each) => typeof each === 'string' && each);
  const text = withHiddenCharactersShown(String(subject ?? '…').slice(0, 60));
  return /^[\d\s()+-]{7,}$/.test(text) ? text.replace(/\d(?=(?:\D*\d){2})/g, '•') : text;
}

/** There is no factor that could be shown: on to where one is enrolled. */
function enrolmentRequired(next: string): Problem {
  const code = 'second-factor-required';
  return new Problem(code, TWO_FACTOR_ERRORS[code], { members: { next }, redirectTo: next });
}
