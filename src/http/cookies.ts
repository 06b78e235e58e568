import { randomBytes } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';

const HOST_PREFIX = '__Host-';

/** Shows whether a browser keeps cookies, and tells two browsers apart that post the same form. It grants nothing. */
export const TRIAL_COOKIE = 'otp-cookies';

/** The names of a cookie of ours: over plain HTTP, and over HTTPS. */
export const cookieNames = (name: string): string[] => [name, HOST_PREFIX + name];

/**
 * The name of a cookie of ours on this connection. Over HTTPS it begins with `__Host-`, which ties it to this host and to
 * HTTPS. A browser keeps no such cookie over plain HTTP.
 */
export function cookieNameFor({ secure }: Request, name: string): string {
  return secure ? HOST_PREFIX + name : name;
}

/** The value of a cookie that came with the request. */
export function readCookie(request: Request, name: string): string | undefined {
  return parseCookie(request.headers.cookie ?? '')[name];
}

/**
 * Sends a cookie for the whole host, which scripts cannot read and which comes with no post from another site. A name with
 * `__Host-` is for HTTPS only.
 * @param maxAge in seconds; 0 removes it, none keeps it until the browser is closed
 */
export function appendCookie(response: Response, name: string, value: string, maxAge?: number): void {
  const secure = name.startsWith(HOST_PREFIX);
  const cookie = { name, value, maxAge, secure, httpOnly: true, sameSite: 'lax', path: '/' } as const;
  response.append('Set-Cookie', stringifySetCookie(cookie));
}

/** Whether a browser comes from a page of ours without any cookie, although our pages and redirects give it one. */
export function refusesCookies(request: Request): boolean {
  const from = request.get('referer');
  if (request.headers.cookie || from === undefined || !URL.canParse(from)) return false;
  return new URL(from).host === request.host;
}

/** Gives a browser a first cookie, so that the next page shows whether it keeps any. */
export function tryCookies(request: Request, response: Response): void {
  if (request.headers.cookie || response.hasHeader('Set-Cookie')) return;
  const value = randomBytes(9).toString('base64url');
  appendCookie(response, cookieNameFor(request, TRIAL_COOKIE), value);
}
