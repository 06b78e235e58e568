import {
  applyDecorators,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { ModuleRef, Reflector } from '@nestjs/core';
import type { Request, RequestHandler, Response } from 'express';
import { from, map, type Observable, switchMap } from 'rxjs';
import { MountedPaths } from './mounted-paths.js';
import { negotiate, setNegotiatedHeaders } from './negotiation.js';
import { HTTP_OPTIONS, type ResolvedHttpOptions } from './http.options.js';
import { Flashes, problemAgain } from './flash.js';
import { NEGOTIATED_PAGES, type PageView, RequestContext } from './page-context.js';
import { checkOwnInput } from './own-input.js';
import { PageResponder } from './page-responder.js';
import { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';
import { noteFacts, verificationIdOf } from './request-facts.js';
import { isChecked, requestChecks } from './request-checks.js';
import { settleAnswer } from './settled-answer.js';
import { ViewRenderer } from './view-renderer.js';

const PAGE = 'http:page';

/** Names the provider that shows a handler's success and failure. */
export const Page = (view: Type<PageView>) => SetMetadata(PAGE, view);

const OWN = 'http:own';

/** Whether a route is one of our controllers', whose failures {@link ProblemFilter} answers. */
export const isOwnRoute = (context: ExecutionContext): boolean =>
  Reflect.getMetadata(OWN, context.getClass()) === true;

/**
 * On each of our controllers: takes requests through our checks and answers failures. Handlers with a {@link Page} respond
 * in HTML or JSON.
 * @param guards run after the kind is chosen, so that their problems are shown on the right page
 */
export const Negotiated = (...guards: Type<CanActivate>[]) =>
  applyDecorators(
    SetMetadata(OWN, true),
    UseFilters(ProblemFilter),
    UseGuards(PageGuard, OwnRouteGuard, ...guards),
    UseInterceptors(PageInterceptor),
  );

/**
 * Chooses HTML or JSON before any other guard runs. A throttled request never reaches an interceptor, but still has to
 * be answered with its page.
 */
@Injectable()
export class PageGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly modules: ModuleRef,
    private readonly renderer: ViewRenderer,
    private readonly paths: MountedPaths,
    private readonly flashes: Flashes,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const token = this.reflector.get<Type<PageView> | undefined>(PAGE, context.getHandler());
    if (!token) return true;
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    setNegotiatedHeaders(response);
    const kind = negotiate(request);
    if (!kind) throw Problem.http('not-acceptable');
    const view = this.modules.get(token, { strict: false });
    const isOpened = kind === 'html' && request.method === 'GET';
    const handlerPath = this.reflector.get<string>(PATH_METADATA, context.getHandler());
    const page = Object.assign(new RequestContext(request, this.renderer, this.paths, handlerPath), {
      kind,
      view,
      shared: {},
      flash: isOpened ? this.flashes.read(request, this.paths.outside(request.originalUrl)) : null,
    });
    NEGOTIATED_PAGES.set(request, page);
    return true;
  }
}

/**
 * Takes a request to one of our routes through {@link requestChecks}: whatever the host's application does with its own
 * routes, ours have their headers, their protection against other sites and their limits of bodies.
 */
@Injectable()
export class OwnRouteGuard implements CanActivate {
  private readonly checks: RequestHandler[];

  constructor(@Inject(HTTP_OPTIONS) options: ResolvedHttpOptions) {
    this.checks = requestChecks(options);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    if (isChecked(request)) return true;
    for (const check of this.checks)
      await new Promise<void>((resolve, reject) => {
        void check(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
      });
    return true;
  }
}

/** Shows the handler's return value as a page; JSON passes through. Interceptors of the application cannot change it. */
@Injectable()
export class PageInterceptor implements NestInterceptor {
  constructor(private readonly responder: PageResponder) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    const page = NEGOTIATED_PAGES.get(request);
    const response = context.switchToHttp().getResponse<Response>();
    return from(checkOwnInput(context)).pipe(
      switchMap(() => next.handle()),
      map((body: unknown) => {
        noteFacts(request, { verificationId: verificationIdOf(request, body) });
        if (page?.kind !== 'html') return settleAnswer(response, body);
        response.type('html').setHeader('Content-Language', page.locale);
        const refused = page.flash?.problem;
        const view = refused
          ? page.view.failure(problemAgain(refused, body), page)
          : page.view.success(body, page);
        return settleAnswer(response, this.responder.respond(view, page, response));
      }),
    );
  }
}
