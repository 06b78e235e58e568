import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { ThrottlerModuleOptions, ThrottlerOptions, ThrottlerStorage } from '@nestjs/throttler';
import type { Request } from 'express';
import { clientAddress, FloodGuard, SharedThrottlerStorage } from '../../http/index.js';
import type { PostLimit, ResolvedTwoFactorOptions } from '../two-factor.options.js';

/**
 * The throttlers of {@link PostThrottler}, and their storage. They have a token of their own because the guard also runs in
 * modules of the host, which may have a `ThrottlerModule` with other limits.
 */
export const POST_THROTTLES = Symbol('POST_THROTTLES');

type PostThrottles = Exclude<ThrottlerModuleOptions, unknown[]> & { storage: ThrottlerStorage };

/** The options of {@link PostThrottler}. Without a storage of the host, posts are counted in memory. */
export function postThrottlesOf({ throttle, sessions }: ResolvedTwoFactorOptions): PostThrottles {
  return {
    throttlers: [
      ...throttlerOf('session', throttle.session, (request) => sessions.idOf(request)),
      ...throttlerOf('address', throttle.address, clientAddress),
    ],
    setHeaders: false,
    storage: throttle.storage ?? new SharedThrottlerStorage({ secret: randomBytes(32) }),
  };
}

function throttlerOf(
  name: string,
  limit: PostLimit | null | undefined,
  keyOf: (request: Request) => string,
): ThrottlerOptions[] {
  if (!limit) return [];
  return [
    {
      name,
      limit: limit.limit,
      ttl: limit.windowSeconds * 1000,
      blockDuration: 0,
      skipIf: (context) => keyOf(context.switchToHttp().getRequest<Request>()) === '',
      getTracker: (request) => keyOf(request as Request),
      // One bucket for all routes, because the session or the client is what is limited.
      generateKey: (_context, tracker, throttlerName) => `${throttlerName} ${tracker}`,
    },
  ];
}

/**
 * Limits how often a session and an address may post to the routes of signed-in users. `TwoFactorModule` exports what it
 * needs, so a host can use it on its own controllers: `@UseGuards(PostThrottler)`.
 */
@Injectable()
export class PostThrottler extends FloodGuard {
  // Both parameters are injected by name, or they would inherit the injections of ThrottlerGuard.
  constructor(@Inject(POST_THROTTLES) options: PostThrottles, @Inject(Reflector) reflector: Reflector) {
    super(options, options.storage, reflector);
  }
}
