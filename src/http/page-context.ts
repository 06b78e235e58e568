import type { Request, Response } from 'express';
import type { MessageParameters } from './messages.js';
import type { Kind } from './negotiation.js';
import type { Problem } from './problem.js';
import type { View, ViewRenderer } from './view-renderer.js';

export interface PageContext {
  request: Request;
  locale: string;
  /** Words of the page's language. */
  text(key: string, parameters?: MessageParameters): string;
}

/**
 * How a route looks as HTML; as JSON it is what the handler returns, or the problem. An abstract class and a provider,
 * so that it can ask for what it shows, and a host can put its own in its place.
 */
export abstract class PageView<Body = any> {
  abstract success(body: Body, context: PageContext): View;
  /** The same page again, with the message where it belongs and what was typed kept. */
  abstract failure(problem: Problem, context: PageContext): View;
}

/** What {@link PageGuard} found out about a request, for the interceptor and the filter. */
export interface NegotiatedPage extends PageContext {
  kind: Kind;
  view: PageView;
}

export function pageOf(response: Response): NegotiatedPage | undefined {
  return response.locals['page'] as NegotiatedPage | undefined;
}

/** Negotiates the language when it is first needed. A successful answer in JSON has no words and never needs it. */
export class RequestContext implements PageContext {
  private negotiatedLocale: string | undefined;

  constructor(
    readonly request: Request,
    private readonly renderer: ViewRenderer,
  ) {}

  get locale(): string {
    return (this.negotiatedLocale ??=
      this.request.acceptsLanguages([...this.renderer.locales]) || this.renderer.locales[0]!);
  }

  // A field, so that callers can take it out of the object.
  readonly text = (key: string, parameters?: MessageParameters): string =>
    this.renderer.text(this.locale, key, parameters);
}

export const contextOf = (request: Request, renderer: ViewRenderer): PageContext =>
  new RequestContext(request, renderer);
