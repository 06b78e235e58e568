import { type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import {
  ThrottlerGuard,
  type ThrottlerLimitDetail,
  type ThrottlerModuleOptions,
  type ThrottlerOptions,
} from '@nestjs/throttler';
import type { Request } from 'express';
import { clientAddress, Problem } from '../http/index.js';
import { PhoneNumber } from './domain/phone-number.js';
import { DEFAULT_THROTTLES, type Throttle, type VerificationModuleOptions } from './verification.options.js';

const bodyOf = (request: Request) => (request.body ?? {}) as Record<string, unknown>;

interface Fence {
  /** Whether this call is any of its business. Guards run before pipes, so the body is raw. */
  counts(request: Request): boolean;
  /** The bucket. */
  key(request: Request): string;
}

const FENCES: Record<'address' | 'number' | 'request', Fence> = {
  address: { counts: () => true, key: clientAddress },
  number: {
    counts: (request) => bodyOf(request)['phoneNumber'] !== undefined,
    // Every spelling of a number is one bucket; what is no number falls back to the caller's.
    key: (request) => {
      const { phoneNumber, country } = bodyOf(request);
      const region = typeof country === 'string' && country ? country : undefined;
      return PhoneNumber.tryParse(phoneNumber, region)?.e164 ?? `not a number from ${clientAddress(request)}`;
    },
  },
  request: {
    counts: (request) => typeof bodyOf(request)['requestId'] === 'string',
    key: (request) => String(bodyOf(request)['requestId']).slice(0, 36).toLowerCase(),
  },
};

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<Request>();

/** The named throttlers of `@nestjs/throttler`; a fence that is null is left out. */
export function throttlersOf(given: VerificationModuleOptions['throttle'] = {}): ThrottlerModuleOptions {
  const throttlers = (Object.keys(FENCES) as (keyof typeof FENCES)[]).flatMap((name): ThrottlerOptions[] => {
    const throttle: Throttle = given[name] === undefined ? DEFAULT_THROTTLES[name] : given[name];
    if (!throttle) return [];
    return [
      {
        name,
        limit: throttle.limit,
        ttl: throttle.windowSeconds * 1000,
        // A sliding window: a place is free again when the oldest call has left it.
        blockDuration: 0,
        skipIf: (context) => !FENCES[name].counts(requestOf(context)),
        getTracker: (request) => FENCES[name].key(request as Request),
        // One bucket for all routes: the fence is around the number or the client, not around an address.
        generateKey: (_context, tracker, throttlerName) => `${throttlerName} ${tracker}`,
      },
    ];
  });
  return { throttlers, setHeaders: false };
}

/**
 * The outer fence, against floods. What it counts is a refusal of the caller, never a failure of ours: when the store
 * is away the call passes, because the limits that matter are in Postgres.
 */
@Injectable()
export class VerificationThrottlerGuard extends ThrottlerGuard {
  protected override readonly logger = new Logger(VerificationThrottlerGuard.name);

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    try {
      return await super.canActivate(context);
    } catch (error) {
      if (error instanceof Problem) throw error;
      this.logger.warn('the throttler store is away; calls pass this fence uncounted');
      return true;
    }
  }

  /** Reading costs no message and no attempt. */
  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    return ['GET', 'HEAD'].includes(requestOf(context).method);
  }

  protected override async throwThrottlingException(
    _context: ExecutionContext,
    detail: ThrottlerLimitDetail,
  ) {
    throw Problem.http('rate-limited', { retryAfterSeconds: Math.max(1, detail.timeToBlockExpire) });
  }
}
