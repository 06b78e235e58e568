import './quiet-debug.js';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express, { type NextFunction, type Request, type Response } from 'express';
import { bodyParsers } from './body.js';
import { normaliseForwardedFor } from './client-address.js';
import { warnAboutUntrustedProxy } from './connection.js';
import { rejectCrossOrigin } from './cross-origin.js';
import { PACKAGE_ROOT } from './pages.module.js';
import { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/** Options of {@link configureHttp}. */
export interface HttpOptions {
  /**
   * Addresses or networks of the trusted proxies, or how many there are. Their `X-Forwarded-*` headers are believed.
   * @default null: no proxy is trusted
   */
  trustProxy?: readonly string[] | number | null;
  /**
   * Whether the application is reached over HTTPS only. Sends Strict-Transport-Security.
   * @default false
   */
  https?: boolean;
  /**
   * The address at which people reach the application, such as `https://login.example.com`. Its origin can send unsafe
   * requests, also through a proxy that rewrites the `Host` header.
   * @default null: the origin is what `Host` says, or the `X-Forwarded-Host` of a trusted proxy
   */
  publicUrl?: string | null;
  /**
   * Other origins that can send unsafe requests, as browsers write them: `https://admin.example.com`.
   * @default []
   */
  trustedOrigins?: readonly string[];
  /**
   * Cookies that grant nothing. A POST without `Origin` and `Sec-Fetch-Site` is rejected when it has any other cookie.
   * @default the cookies of the anonymous flow: `otp-caller` and `__Host-otp-caller`
   */
  harmlessCookies?: readonly string[];
  /**
   * Whether requests have to be refused for now. They get 503 `service-unavailable` with `Retry-After`.
   * @default never
   */
  isOverloaded?: () => boolean;
  /**
   * Beginnings of paths that are served all the same.
   * @default ['/health/', '/assets/']
   */
  alwaysServed?: readonly string[];
}

/** When somebody who was refused may come again. */
const OVERLOAD_SECONDS = 2;

/** They only distinguish anonymous browsers: to use a request, its unguessable id is needed as well. */
const ANONYMOUS_COOKIES = ['otp-caller', '__Host-otp-caller'];

/**
 * Prepares an application to serve our pages: security headers with a strict CSP, protection against cross-origin
 * requests, body parsers with limits, static assets, and {@link ProblemFilter} for all failures. Create the application
 * with `bodyParser: false`.
 */
export function configureHttp(app: NestExpressApplication, options: HttpOptions = {}): void {
  const { trustProxy = null, https = false, publicUrl = null } = options;
  const trustedOrigins = [
    ...(options.trustedOrigins ?? []),
    ...(publicUrl ? [new URL(publicUrl).origin] : []),
  ];
  const { harmlessCookies = ANONYMOUS_COOKIES } = options;
  // Express keeps and changes the list that it is given.
  app.set('trust proxy', Array.isArray(trustProxy) ? [...trustProxy] : (trustProxy ?? false));
  app.set('query parser', 'simple');
  app.set('etag', false);

  app.useSecurityHeaders({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: "'none'",
        scriptSrc: "'self'",
        styleSrc: "'self'",
        imgSrc: "'self'",
        formAction: "'self'",
        baseUri: "'none'",
        frameAncestors: "'none'",
      },
    },
    xFrameOptions: { action: 'deny' },
    // With no-referrer browsers send `Origin: null` on plain HTTP, and every form post would look cross-origin.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: https,
  });
  app.use(normaliseForwardedFor, warnAboutUntrustedProxy());
  const { isOverloaded = () => false, alwaysServed = ['/health/', '/assets/'] } = options;
  app.use((request: Request, _response: Response, next: NextFunction) => {
    const isRefused = isOverloaded() && !alwaysServed.some((path) => request.path.startsWith(path));
    next(
      isRefused ? Problem.http('service-unavailable', { retryAfterSeconds: OVERLOAD_SECONDS }) : undefined,
    );
  });
  app.use(rejectCrossOrigin({ https, trustedOrigins, harmlessCookies }));
  app.use(...bodyParsers());
  app.use('/assets', express.static(join(PACKAGE_ROOT, 'public', 'assets'), { maxAge: '1h', index: false }));
  app.useGlobalFilters(app.get(ProblemFilter, { strict: false }));
}
