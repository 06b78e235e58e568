import type { Request } from 'express';
import type { Flash } from './flash.js';
import type { MessageParameters } from './messages.js';
import type { MountedPaths } from './mounted-paths.js';
import type { Kind } from './negotiation.js';
import { withoutEnd } from './path-segments.js';
import { bestLocale, localeOf, preferredLanguages } from './preferred-languages.js';
import type { Problem } from './problem.js';
import { timeZoneOf } from './time-zone.js';
import type { Redirect, View, ViewContext, ViewRenderer } from './view-renderer.js';

/** The request that a page responds to. */
export interface PageContext {
  request: Request;
  /** The path that the controller is mounted at, with its prefix and parameters: `/two-factor/step-up/0192…`. */
  base: string;
  /** The path of the request, as browsers see it. */
  path: string;
  /** The root of the application, as browsers see it. */
  homePath: string;
  /** The address that shows this page again: for a page that answers a post, the one that it was posted to. */
  here: string;
  locale: string;
  /** For `Intl`: the page's language as it is written where the reader is (`en-GB`), and the reader's time zone. */
  formatting: { locale: string; timeZone: string };
  /** The fields that were posted: with this request, or with the refused one that was redirected here. */
  input: Readonly<Record<string, unknown>>;
  /** Returns a message in the page's language. */
  text(key: string, parameters?: MessageParameters): string;
}

/**
 * Shows a route as HTML. In JSON the response is the handler's return value, or the problem. Pages are providers, so they
 * can inject dependencies, and a host can replace them.
 */
export abstract class PageView<Body = any> {
  /** The page of a response, or the address of the page that shows it. */
  abstract success(body: Body, context: PageContext): View | Redirect;
  /** Shows the same page again, with the messages and the values that were entered. */
  abstract failure(problem: Problem, context: PageContext): View | Redirect;
}

/** The kind of response and the page of a request, chosen by {@link PageGuard}. */
export interface NegotiatedPage extends PageContext {
  kind: Kind;
  view: PageView;
  /** Values for the page, whatever its view is; see {@link showOnPage}. */
  shared: ViewContext;
  /** What the post before it left for this page. */
  flash: Flash | null;
}

/** The exception filter runs without the handler's metadata, so the guard leaves its decision here. */
export const NEGOTIATED_PAGES: WeakMap<Request, NegotiatedPage> = new WeakMap();

/** Whether the response is a page. For handlers that serve both kinds. */
export const isAnsweredByPage = (request: Request): boolean => NEGOTIATED_PAGES.get(request)?.kind === 'html';

/** The page that a request is for, whatever the kind of its response. Undefined on routes without a page. */
export const pageContextOf = (request: Request): PageContext | undefined => NEGOTIATED_PAGES.get(request);

/** Gives values to the page of a request, its layout included, whether the request succeeds or fails. */
export function showOnPage(request: Request, values: ViewContext): void {
  const page = NEGOTIATED_PAGES.get(request);
  if (page) page.shared = { ...page.shared, ...values };
}

/** A view with the values that {@link showOnPage} gave, and the notice that a post left for it. The view's own values win. */
export const withShared = ({ name, context }: View, shared?: ViewContext, notice?: string): View => ({
  name,
  context: { ...shared, ...context, ...(notice ? { notice } : {}) },
});

/** Works out the language and the base path only when they are needed: a successful JSON response has neither. */
export class RequestContext implements PageContext {
  private negotiatedLocale: string | undefined;
  flash: Flash | null = null;

  constructor(
    readonly request: Request,
    private readonly renderer: ViewRenderer,
    private readonly paths: MountedPaths,
    private readonly handlerPath: string | null,
  ) {}

  get base(): string {
    if (this.handlerPath === null) return this.paths.outside('');
    const { baseUrl, path } = this.request;
    return this.paths.outside(withoutEnd(baseUrl + path, this.handlerPath));
  }

  get path(): string {
    return this.paths.outside(this.request.baseUrl + this.request.path);
  }

  get homePath(): string {
    return this.paths.outside('/');
  }

  get here(): string {
    const { method, originalUrl } = this.request;
    return ['GET', 'HEAD'].includes(method) ? this.paths.outside(originalUrl) : this.path;
  }

  get input(): Readonly<Record<string, unknown>> {
    return this.flash?.typed ?? (this.request.body as Record<string, unknown> | undefined) ?? {};
  }

  get formatting(): { locale: string; timeZone: string } {
    const same = preferredLanguages(this.request).find((tag) => bestLocale([tag], [this.locale]));
    const locale = (same && localeOf(same)?.toString()) ?? this.locale;
    return { locale, timeZone: timeZoneOf(this.request) };
  }

  get locale(): string {
    return (this.negotiatedLocale ??=
      bestLocale(preferredLanguages(this.request), this.renderer.locales) ?? this.renderer.locales[0]!);
  }

  // A field, so that callers can destructure it.
  readonly text = (key: string, parameters?: MessageParameters): string =>
    this.renderer.text(this.locale, key, parameters);
}

/** The context of a request that has not reached a handler. */
export const contextOf = (request: Request, renderer: ViewRenderer, paths: MountedPaths): PageContext =>
  new RequestContext(request, renderer, paths, null);
