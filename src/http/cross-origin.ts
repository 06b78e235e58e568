import { parseCookie } from 'cookie';
import type { Request, RequestHandler } from 'express';
import { Problem } from './problem.js';

/** They change nothing, so it does not matter who caused them. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

export interface CrossOriginOptions {
  /** The application is reached over HTTPS only. */
  https: boolean;
  /** Origins besides our own that may send unsafe requests. */
  trustedOrigins: readonly string[];
  /** Cookies that give no rights. Every other cookie may belong to a session. */
  harmlessCookies: readonly string[];
}

/**
 * Refuses unsafe requests that another site, an extension or an unknown page may have caused.
 *
 * - `Sec-Fetch-Site`, when present, must be `same-origin`.
 * - `Origin`, when present, must be our own: scheme, host and port.
 * - A request with neither header must not carry a cookie that may belong to a session, unless it has a bearer token,
 *   which a browser never sends by itself.
 */
export function refuseCrossOrigin(options: CrossOriginOptions): RequestHandler {
  return (request, _response, next) => {
    next(isAllowed(request, options) ? undefined : Problem.http('cross-origin'));
  };
}

function isAllowed(request: Request, options: CrossOriginOptions): boolean {
  if (SAFE_METHODS.includes(request.method)) return true;
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined && options.trustedOrigins.includes(origin)) return true;
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin !== undefined) return ownOrigins(request, options.https).includes(origin);
  return site !== undefined || hasBearerToken(request) || !mayCarrySession(request, options.harmlessCookies);
}

/** A proxy that ends HTTPS may not be among those that we trust to say so. */
function ownOrigins({ protocol, headers: { host } }: Request, https: boolean): string[] {
  return [protocol, ...(https ? ['https'] : [])].flatMap((scheme) => {
    const url = `${scheme}://${host}`;
    return URL.canParse(url) ? [new URL(url).origin] : [];
  });
}

const hasBearerToken = (request: Request) => /^Bearer /i.test(request.headers.authorization ?? '');

function mayCarrySession(request: Request, harmlessCookies: readonly string[]): boolean {
  const names = Object.keys(parseCookie(request.headers.cookie ?? ''));
  return names.some((name) => !harmlessCookies.includes(name));
}
