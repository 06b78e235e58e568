import type { RequestHandler } from 'express';
import { bodyParsers } from './body.js';
import { normaliseForwardedFor } from './client-address.js';
import { rejectCrossOrigin } from './cross-origin.js';
import type { ResolvedHttpOptions } from './http.options.js';
import { setSecurityHeaders } from './security-headers.js';

/** Requests that have been through the checks. */
const CHECKED = new WeakSet<object>();

/**
 * What a request to one of our routes goes through, in this order. An application whose routes are all ours runs it
 * before them all; the routes themselves run it for requests that it has not seen.
 */
export function requestChecks(options: ResolvedHttpOptions): RequestHandler[] {
  const { https, publicUrl, trustedOrigins, harmlessCookies } = options;
  const origins = [...trustedOrigins, ...(publicUrl ? [new URL(publicUrl).origin] : [])];
  return [
    (_request, response, next) => {
      setSecurityHeaders(response, options);
      next();
    },
    normaliseForwardedFor,
    rejectCrossOrigin({ https, trustedOrigins: origins, harmlessCookies }),
    ...bodyParsers(),
    (request, _response, next) => {
      CHECKED.add(request);
      next();
    },
  ];
}

/** Whether a request has been through {@link requestChecks}. */
export const isChecked = (request: object): boolean => CHECKED.has(request);
