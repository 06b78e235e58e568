import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { refusesCookies, tryCookies } from './cookies.js';
import { isFormOfBrowser } from './negotiation.js';
import { type Flash, Flashes, refusalFlash } from './flash.js';
import { NEGOTIATED_PAGES, type PageContext, withShared } from './page-context.js';
import type { Problem } from './problem.js';
import { type Redirect, type View, ViewRenderer } from './view-renderer.js';

/**
 * Answers with a page. A browser that has posted a form is redirected to the page's own address instead (303), so that
 * Back, a reload or a restored tab repeats nothing; what only this response has to say travels in a {@link Flash}.
 */
@Injectable()
export class PageResponder {
  constructor(
    private readonly renderer: ViewRenderer,
    private readonly flashes: Flashes,
  ) {}

  /**
   * @param problem why the request was refused; none if it was not
   * @returns the HTML to send; undefined for a redirect
   */
  respond(
    view: View | Redirect,
    context: PageContext,
    response: Response,
    problem?: Problem,
  ): string | undefined {
    const { request } = context;
    if ('redirectTo' in view) {
      const { redirectTo, notice, postsAgain } = view;
      if (notice) this.flashes.leave(request, response, redirectTo, { notice });
      return redirect(request, response, redirectTo, postsAgain ? 307 : 303);
    }
    if (view.address !== undefined && isFormOfBrowser(request)) {
      const flash = problem ? refusalFlash(problem, view.address, request.body) : flashOf(view);
      // A large page that is shown once has no other place than this response.
      if (!flash || this.flashes.leave(request, response, view.address, flash) || !view.once)
        return redirect(request, response, view.address);
    }
    const page = NEGOTIATED_PAGES.get(request);
    // A page that fails is loaded again, and then has it.
    const flash = problem ? null : page?.flash;
    if (flash) this.flashes.clear(request, response, context.here);
    const shared = { path: context.path, here: view.once ? '' : context.here, ...page?.shared };
    let notice = flash?.notice;
    if (request.method === 'GET') {
      // What this page should say may have been left in a cookie.
      if (refusesCookies(request)) notice = context.text('page.noCookies');
      tryCookies(request, response);
    }
    return this.renderer.render(withShared(flash?.view ?? view, shared, notice), context.locale);
  }
}

function redirect(request: Request, response: Response, address: string, status = 303): undefined {
  tryCookies(request, response);
  response.status(status).location(address);
}

/** What the page at the address cannot find out by itself. */
function flashOf({ name, context, once }: View): Flash | null {
  if (once) return { view: { name, context: { ...context, here: '' } } };
  const { notice } = context;
  return typeof notice === 'string' && notice !== '' ? { notice } : null;
}
