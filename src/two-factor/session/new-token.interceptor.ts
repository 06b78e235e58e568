import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request } from 'express';
import { map, type Observable } from 'rxjs';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';

/** Adds `accessToken` to an answer in JSON, where sessions are tokens and this request has made a new one. */
@Injectable()
export class NewTokenInterceptor implements NestInterceptor {
  constructor(@Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    return next.handle().pipe(
      map((body: unknown) => {
        const accessToken = this.options.sessions.newTokenOf(request);
        return accessToken && typeof body === 'object' ? { ...body, accessToken } : body;
      }),
    );
  }
}
