import { parseCookie } from 'cookie';
import type { Request, RequestHandler } from 'express';
import { originsOf } from './connection.js';
import { hasBearerToken } from './negotiation.js';
import { Problem } from './problem.js';

/** Requests with these methods change nothing, so another site can cause them without harm. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

interface CrossOriginOptions {
  /** Whether the application is reached over HTTPS only. */
  https: boolean;
  /** Other origins that can send unsafe requests. */
  trustedOrigins: readonly string[];
  /** Cookies that grant nothing. Every other cookie could belong to a session. */
  harmlessCookies: readonly string[];
}

/**
 * Rejects unsafe requests that another site, an extension or an unknown page could have caused.
 *
 * - `Sec-Fetch-Site`, when present, must be `same-origin`.
 * - `Origin`, when present, must be our own: scheme, host and port. See {@link originsOf}.
 * - A request with neither header must not have a cookie that could belong to a session, unless it has a bearer token,
 *   which a browser never sends by itself.
 */
export function rejectCrossOrigin(options: CrossOriginOptions): RequestHandler {
  return (request, _response, next) => {
    next(isAllowed(request, options) ? undefined : Problem.http('cross-origin'));
  };
}

function isAllowed(request: Request, options: CrossOriginOptions): boolean {
  if (SAFE_METHODS.includes(request.method)) return true;
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined && options.trustedOrigins.includes(origin)) return true;
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin !== undefined) return originsOf(request, options.https).includes(origin);
  return site !== undefined || hasBearerToken(request) || !mayHaveSession(request, options.harmlessCookies);
}

function mayHaveSession(request: Request, harmlessCookies: readonly string[]): boolean {
  const names = Object.keys(parseCookie(request.headers.cookie ?? ''));
  return names.some((name) => !harmlessCookies.includes(name));
}
