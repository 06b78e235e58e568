import './quiet-debug.js';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import {
  HTTP_OPTIONS,
  Problem,
  ProblemFilter,
  requestChecks,
  type ResolvedHttpOptions,
  warnAboutUntrustedProxy,
} from '../http/index.js';
import { logRequests } from './logging.js';
import { traceRequests } from './tracing.js';

/** What an application needs all of whose routes are ours. */
export interface ApplicationHttpOptions {
  /** A level of pino; requests are logged as `info`, those that failed as `error`. */
  logLevel: string;
  /**
   * Addresses or networks of the trusted proxies, or how many there are. Their `X-Forwarded-*` headers are believed.
   * @default null: no proxy is trusted
   */
  trustProxy?: readonly string[] | number | null;
  /**
   * Whether requests have to be refused for now. They get 503 `service-unavailable` with `Retry-After`.
   * @default never
   */
  mustRefuse?: () => boolean;
  /**
   * Beginnings of paths that are served all the same.
   * @default []
   */
  alwaysServed?: readonly string[];
}

/** When somebody who was refused may come again. */
const RETRY_AFTER_SECONDS = 2;

/**
 * Treats every request to the application as one of ours, also those that reach no route. Create the application with
 * `bodyParser: false`.
 */
export function configureHttp(
  app: NestExpressApplication,
  { logLevel, trustProxy = null, mustRefuse = () => false, alwaysServed = [] }: ApplicationHttpOptions,
): void {
  // Express keeps and changes the list that it is given.
  app.set('trust proxy', Array.isArray(trustProxy) ? [...trustProxy] : (trustProxy ?? false));
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.use(
    traceRequests(),
    logRequests(logLevel),
    warnAboutUntrustedProxy(),
    (request: Request, _response: Response, next: NextFunction) => {
      const isRefused = mustRefuse() && !alwaysServed.some((path) => request.path.startsWith(path));
      next(
        isRefused ? Problem.http('service-unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS }) : undefined,
      );
    },
  );
  app.use(...requestChecks(app.get<ResolvedHttpOptions>(HTTP_OPTIONS, { strict: false })));
  app.useGlobalFilters(app.get(ProblemFilter, { strict: false }));
}
