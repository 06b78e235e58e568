import { Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { ThrottlerModuleOptions, ThrottlerOptions, ThrottlerStorage } from '@nestjs/throttler';
import type { Request } from 'express';
import { randomBytes } from 'node:crypto';
import { clientAddress, FloodGuard, SharedThrottlerStorage } from '../../http/index.js';
import type { ResolvedOptions } from '../two-factor.options.js';

export const POST_THROTTLES = Symbol('POST_THROTTLES');
export const POST_THROTTLER_STORAGE = Symbol('POST_THROTTLER_STORAGE');

/** How many posts a session and an address may make in a window. */
export const postThrottlesOf = ({ throttle, sessions }: ResolvedOptions): ThrottlerModuleOptions => {
  const sessionOf = (request: Request) => sessions.idOf(request);
  const throttlers: ThrottlerOptions[] = [];
  const add = (name: 'session' | 'address', keyOf: (request: Request) => string) => {
    const limit = throttle[name];
    if (!limit) return;
    throttlers.push({
      name,
      limit: limit.limit,
      ttl: limit.windowSeconds * 1000,
      blockDuration: 0,
      skipIf: (context) => keyOf(context.switchToHttp().getRequest<Request>()) === '',
      getTracker: (request) => keyOf(request as Request),
      // One bucket for all routes: what is limited is the session or the client, whichever route it calls.
      generateKey: (_context, tracker, throttlerName) => `${throttlerName} ${tracker}`,
    });
  };
  add('session', sessionOf);
  add('address', clientAddress);
  return { throttlers, setHeaders: false };
};

/** @returns the storage of the host, or else one in memory, for this process only */
export const postThrottlerStorageOf = ({ throttle }: ResolvedOptions): ThrottlerStorage =>
  throttle.storage ?? new SharedThrottlerStorage({ secret: randomBytes(32) });

/**
 * Limits how often a session and an address may post to the routes of people who are signed in. `TwoFactorModule`
 * exports what it needs, so that controllers of the host can use it as well: `@UseGuards(PostThrottler)`.
 */
@Injectable()
export class PostThrottler extends FloodGuard {
  constructor(
    @Inject(POST_THROTTLES) options: ThrottlerModuleOptions,
    @Inject(POST_THROTTLER_STORAGE) storage: ThrottlerStorage,
    reflector: Reflector,
  ) {
    super(options, storage, reflector);
  }
}
