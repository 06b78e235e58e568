import './quiet-debug.js';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express from 'express';
import { bodyParsers } from './body.js';
import { PACKAGE_ROOT } from './pages.module.js';
import { ProblemFilter } from './problem.filter.js';

export interface HttpOptions {
  /** Addresses, networks or number of the proxies whose `X-Forwarded-*` is believed; null believes none. */
  trustProxy?: readonly string[] | number | null;
  /** Send Strict-Transport-Security: only where everything is HTTPS. */
  https?: boolean;
  /** Origins besides our own that may post to us. */
  trustedOrigins?: readonly string[];
}

/**
 * What every application that serves our pages needs: security headers with a strict CSP, refusal of cross-origin
 * posts, body limits, the assets, and one renderer for failures. Create the application with `bodyParser: false`.
 */
export function configureHttp(app: NestExpressApplication, options: HttpOptions = {}): void {
  const { trustProxy = null, https = false, trustedOrigins = [] } = options;
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
  app.enableCsrfProtection({ trustedOrigins: [...trustedOrigins] });
  app.use(...bodyParsers());
  app.use('/assets', express.static(join(PACKAGE_ROOT, 'public', 'assets'), { maxAge: '1h', index: false }));
  app.useGlobalFilters(app.get(ProblemFilter, { strict: false }));
}
