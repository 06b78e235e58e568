import './quiet-debug.js';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express from 'express';
import { bodyParsers } from './body.js';
import { refuseCrossOrigin } from './cross-origin.js';
import { PACKAGE_ROOT } from './pages.module.js';
import { ProblemFilter } from './problem.filter.js';

/** Options of {@link configureHttp}. */
export interface HttpOptions {
  /** Addresses, networks or number of the proxies whose `X-Forwarded-*` is believed; null believes none. */
  trustProxy?: readonly string[] | number | null;
  /** Send Strict-Transport-Security: only where everything is HTTPS. */
  https?: boolean;
  /** Origins besides our own that may post to us, as browsers write them: `https://admin.example.com`. */
  trustedOrigins?: readonly string[];
  /**
   * Cookies that give no rights. A POST without `Origin` and `Sec-Fetch-Site` is refused when it carries any other one.
   * @default the cookies of the anonymous flow: `otp-caller` and `__Host-otp-caller`
   */
  harmlessCookies?: readonly string[];
}

/** They tell anonymous browsers apart. A request cannot be used without its unguessable id, with or without them. */
const ANONYMOUS_COOKIES = ['otp-caller', '__Host-otp-caller'];

/**
 * What every application that serves our pages needs: security headers with a strict CSP, refusal of cross-origin
 * posts, body limits, the assets, and one renderer for failures. Create the application with `bodyParser: false`.
 */
export function configureHttp(app: NestExpressApplication, options: HttpOptions = {}): void {
  const { trustProxy = null, https = false, trustedOrigins = [] } = options;
  const { harmlessCookies = ANONYMOUS_COOKIES } = options;
  app.set(
    'trust proxy',
    trustProxy === null ? false : typeof trustProxy === 'number' ? trustProxy : [...trustProxy],
  );
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
  app.use(refuseCrossOrigin({ https, trustedOrigins, harmlessCookies }));
  app.use(...bodyParsers());
  app.use('/assets', express.static(join(PACKAGE_ROOT, 'public', 'assets'), { maxAge: '1h', index: false }));
  app.useGlobalFilters(app.get(ProblemFilter, { strict: false }));
}
