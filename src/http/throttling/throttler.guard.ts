import { type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerLimitDetail, type ThrottlerRequest } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { describeError } from '../../diagnostics/index.js';
import { Problem } from '../problem.js';

/** How the rules begin that limit all posts of a client. */
export const THROTTLE_RULE = 'throttle-';

/**
 * Limits the rate of unsafe requests. Rejects with the problem `rate-limited` and reports what is left in the `RateLimit`
 * headers. If the store fails, requests pass without being counted: the limits that protect money are in Postgres.
 */
@Injectable()
export class FloodGuard extends ThrottlerGuard {
  protected override readonly logger = new Logger(FloodGuard.name);
  private storeFailed = false;

  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    const { method } = context.switchToHttp().getRequest<Request>();
    return Promise.resolve(['GET', 'HEAD'].includes(method));
  }

  protected override async handleRequest(props: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, throttler, blockDuration, getTracker, generateKey } = props;
    const http = context.switchToHttp();
    const name = throttler.name ?? 'default';
    const tracker = await getTracker(http.getRequest(), context);
    const key = generateKey(context, tracker, name);
    const record = await this.count(key, ttl, limit, blockDuration, name);
    if (!record) return true;
    const left = Math.max(0, limit - record.totalHits);
    const response = http.getResponse<Response>();
    // draft-ietf-httpapi-ratelimit-headers: one member for each throttler.
    addMember(response, 'RateLimit-Policy', `"${name}";q=${limit};w=${Math.round(ttl / 1000)}`);
    addMember(response, 'RateLimit', `"${name}";r=${left};t=${Math.max(0, Math.ceil(record.timeToExpire))}`);
    if (record.isBlocked)
      await this.throwThrottlingException(
        context,
        { ...record, limit, ttl, key, tracker },
        `${THROTTLE_RULE}${name}`,
      );
    return true;
  }

  /** @returns null when the store fails */
  private async count(...call: Parameters<FloodGuard['storageService']['increment']>) {
    try {
      const record = await this.storageService.increment(...call);
      this.storeFailed = false;
      return record;
    } catch (error) {
      if (!this.storeFailed)
        this.logger.warn(describeError(error), 'throttler store failed, requests are not counted');
      this.storeFailed = true;
      return null;
    }
  }

  protected override throwThrottlingException(
    _context: ExecutionContext,
    { timeToBlockExpire }: ThrottlerLimitDetail,
    rule?: string,
  ): Promise<void> {
    const retryAfterSeconds = Math.max(1, timeToBlockExpire);
    return Promise.reject(Problem.http('rate-limited', { retryAfterSeconds, ...(rule ? { rule } : {}) }));
  }
}

/** Adds a member to a structured list (RFC 9651), on one line. */
function addMember(response: Response, name: string, member: string): void {
  const members = response.getHeader(name);
  response.setHeader(name, members === undefined ? member : `${String(members)}, ${member}`);
}
