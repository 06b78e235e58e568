import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { Logger, type Params } from 'nestjs-pino';
import { type Options, pinoHttp } from 'pino-http';
import { requestFacts } from '../http/index.js';
import { routeOf } from './route-of.js';
import { activeTraceIds } from './tracing.js';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * One JSON line a request. What callers send (bodies, queries, headers, unmatched paths) may hold numbers, codes and
 * credentials, so a line is built from a short list of what may be told, not from everything less what may not.
 */
const requestLog = (level: string): Options => ({
  level,
  mixin: activeTraceIds,
  // A caller's id is taken over only in a shape that cannot break a line or smuggle a number's worth of text.
  genReqId: (request: IncomingMessage, response: ServerResponse) => {
    const given = request.headers['x-request-id'];
    const id =
      typeof given === 'string' && REQUEST_ID.test(given) && !/\d{7}/.test(given) ? given : randomUUID();
    response.setHeader('X-Request-Id', id);
    return id;
  },
  quietReqLogger: true,
  wrapSerializers: false,
  serializers: { req: () => undefined, res: () => undefined, err: () => undefined },
  customSuccessObject: (
    request: IncomingMessage,
    response: ServerResponse,
    line: { responseTime?: number },
  ) => requestLine(request, response, line),
  customErrorObject: (
    request: IncomingMessage,
    response: ServerResponse,
    _error: Error,
    line: { responseTime?: number },
  ) => requestLine(request, response, line),
  customLogLevel: (_request: IncomingMessage, response: ServerResponse, error?: Error) =>
    error || response.statusCode >= 500 ? 'error' : 'info',
  customSuccessMessage: () => 'request',
  customErrorMessage: () => 'request failed',
  autoLogging: { ignore: (request: IncomingMessage) => /^\/(health|otp-assets)\//.test(request.url ?? '') },
});

/** Logs every request. The first middleware, so that requests which are refused before any route have an id and a line too. */
export const logRequests = (level: string) => pinoHttp(requestLog(level));

/** For the logger of the application. During a request it uses the one that {@link logRequests} has made. */
export const loggerParams = (level: string): Params => ({ pinoHttp: requestLog(level), useExisting: true });

function requestLine(
  request: IncomingMessage,
  response: ServerResponse,
  { responseTime }: { responseTime?: number },
) {
  return {
    method: request.method,
    route: routeOf(request) ?? '(none)',
    status: response.statusCode,
    ms: responseTime,
    ...requestFacts(request),
  };
}

/** Nest's own start-up messages, which would fill a page. */
const START_UP = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** The application's logger, without the start-up's chatter; its warnings and errors are kept. */
export class ApplicationLogger extends Logger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!START_UP.has(String(rest.at(-1)))) super.log(message, ...rest);
  }
}
