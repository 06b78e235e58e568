import type { Request } from 'express';
import type { MessageParameters } from './messages.js';
import type { Kind } from './negotiation.js';
import type { Problem } from './problem.js';
import type { Redirect, View, ViewRenderer } from './view-renderer.js';

/** What a page knows of the request that it answers. */
export interface PageContext {
  request: Request;
  /** Where the controller is mounted, prefix included and parameters filled in, such as `/two-factor/step-up/0192…`. */
  base: string;
  locale: string;
  /** Returns a message in the page's language. */
  text(key: string, parameters?: MessageParameters): string;
}

/**
 * Shows a route as HTML. The JSON answer is what the handler returns, or the problem. An abstract class and a provider,
 * so that it can inject what it shows, and a host can replace it.
 */
export abstract class PageView<Body = any> {
  abstract success(body: Body, context: PageContext): View | Redirect;
  /** Shows the same page again, with the message where it belongs and what was typed kept. */
  abstract failure(problem: Problem, context: PageContext): View | Redirect;
}

/** What {@link PageGuard} decided about a request, for the interceptor and the filter. */
export interface NegotiatedPage extends PageContext {
  kind: Kind;
  view: PageView;
}

/** The exception filter runs without the handler's metadata, so the guard leaves its decision here. */
export const NEGOTIATED_PAGES: WeakMap<Request, NegotiatedPage> = new WeakMap();

/** Whether the request is answered with a page; in a handler that serves both. */
export const isAnsweredByPage = (request: Request): boolean => NEGOTIATED_PAGES.get(request)?.kind === 'html';

/** Negotiates the language when it is first needed. A successful answer in JSON has no words and never needs it. */
export class RequestContext implements PageContext {
  private negotiatedLocale: string | undefined;

  constructor(
    readonly request: Request,
    private readonly renderer: ViewRenderer,
    readonly base: string,
  ) {}

  get locale(): string {
    return (this.negotiatedLocale ??=
      this.request.acceptsLanguages([...this.renderer.locales]) || this.renderer.locales[0]!);
  }

  // A field, so that callers can take it out of the object.
  readonly text = (key: string, parameters?: MessageParameters): string =>
    this.renderer.text(this.locale, key, parameters);
}

/** Describes a request that no handler has taken yet. */
export const contextOf = (request: Request, renderer: ViewRenderer): PageContext =>
  new RequestContext(request, renderer, '');
