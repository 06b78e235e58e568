import { type ExecutionContext, Injectable } from '@nestjs/common';
import type { ThrottlerOptions } from '@nestjs/throttler';
import type { Request } from 'express';
import { clientAddress, FloodGuard } from '../http/index.js';
import { type NumberReading, PhoneNumber } from './domain/phone-number.js';
import type { ResolvedVerificationOptions } from './verification.options.js';

const bodyOf = (request: Request) => (request.body ?? {}) as Record<string, unknown>;

const READ_NUMBER = Symbol('read phone number');

/**
 * The number in the body of a request. Guards run before pipes, so the throttler reads it first, and the handler gets
 * what the throttler has counted.
 */
export function phoneNumberIn(request: Request, defaultCountry: string | undefined): NumberReading {
  const holder = request as { [READ_NUMBER]?: NumberReading };
  const { phoneNumber, country } = bodyOf(request);
  return (holder[READ_NUMBER] ??= PhoneNumber.read(phoneNumber, {
    country: typeof country === 'string' && country ? country : undefined,
    defaultCountry,
  }));
}

interface Fence {
  /** Whether this call is any of its business. Guards run before pipes, so the body is raw. */
  counts(request: Request): boolean;
  /** The bucket. */
  key(request: Request): string;
}

const fencesOf = (defaultCountry: string | undefined): Record<'address' | 'number' | 'request', Fence> => ({
  address: { counts: () => true, key: clientAddress },
  number: {
    counts: (request) => bodyOf(request)['phoneNumber'] !== undefined,
    // Every spelling of a number is one bucket. A malformed number counts for the caller's address.
    key: (request) =>
      phoneNumberIn(request, defaultCountry).phone?.e164 ?? `not a number from ${clientAddress(request)}`,
  },
  request: {
    counts: (request) => typeof bodyOf(request)['requestId'] === 'string',
    key: (request) => String(bodyOf(request)['requestId']).slice(0, 36).toLowerCase(),
  },
});

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<Request>();

/** Builds the named throttlers of `@nestjs/throttler`. */
export function throttlersOf({
  throttle: throttles,
  defaultCountry,
}: Pick<ResolvedVerificationOptions, 'throttle' | 'defaultCountry'>): {
  throttlers: ThrottlerOptions[];
  setHeaders: boolean;
} {
  const fences = fencesOf(defaultCountry);
  const throttlers = (Object.keys(fences) as (keyof typeof fences)[]).flatMap((name): ThrottlerOptions[] => {
    const throttle = throttles[name];
    if (!throttle) return [];
    return [
      {
        name,
        limit: throttle.limit,
        ttl: throttle.windowSeconds * 1000,
        blockDuration: 0,
        skipIf: (context) => !fences[name].counts(requestOf(context)),
        getTracker: (request) => fences[name].key(request as Request),
        // One bucket for all routes: the fence is around the number or the client, not around an address.
        generateKey: (_context, tracker, throttlerName) => `${throttlerName} ${tracker}`,
      },
    ];
  });
  return { throttlers, setHeaders: false };
}

/** The outer fence, by address, number and request. */
@Injectable()
export class VerificationThrottlerGuard extends FloodGuard {}
