import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { appendCookie, clientAddress, cookieNameFor, readCookie } from '../http/index.js';
import { withDefaults } from '../options/with-defaults.js';
import type { Caller } from './domain/caller.js';

const COOKIE = 'otp-caller';
const SHAPE = /^[A-Za-z0-9_-]{22}$/;

function shownCookie(request: Request): string | undefined {
  const value = readCookie(request, cookieNameFor(request, COOKIE));
  return value && SHAPE.test(value) ? value : undefined;
}

/** Where a call comes from, as limits by address and the history need it. */
export function originOf(request: Request): Required<Pick<Caller, 'address' | 'userAgent'>> {
  return { address: clientAddress(request), userAgent: request.get('user-agent') ?? null };
}

/**
 * Who calls: as the host says, or by our cookie if the request came with one. The address is added where the host names
 * none, or all of its callers would share one limit of messages.
 */
export function callerOf(request: Request, identify?: (request: Request) => Caller): Caller {
  const origin = originOf(request);
  if (!identify) return { sessionId: shownCookie(request) ?? null, ...origin };
  const { userId, ...named } = withDefaults(identify(request), origin);
  return { ...named, userId: typeof userId === 'number' ? String(userId) : userId };
}

/**
 * Gives a browser a cookie that it is recognised by, so that a refreshed or doubled start is one start and nobody else can
 * use its requests. Random, no store behind it, gone with the browser session.
 */
export function rememberCaller(request: Request, response: Response): void {
  if (shownCookie(request)) return;
  const value = randomBytes(16).toString('base64url');
  appendCookie(response, cookieNameFor(request, COOKIE), value);
}
