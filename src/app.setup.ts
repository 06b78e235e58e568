import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { PinoLogger } from 'nestjs-pino';
import { ADMIN_ERRORS } from './admin/index.js';
import { AppModule, type Surroundings } from './app.module.js';
import type { Config } from './config/index.js';
import { configureHttp, HTTP_PROBLEMS } from './http/index.js';
import { HOST_ERRORS } from './host/index.js';
import { ApplicationLogger, serveOpenApi } from './operations/index.js';
import { TWO_FACTOR_ERRORS } from './two-factor/index.js';
import { describeService, VERIFICATION_ERRORS } from './verification/index.js';

/** All that an answer's `code` can be. */
export const PROBLEM_CODES = Object.keys({
  ...VERIFICATION_ERRORS,
  ...TWO_FACTOR_ERRORS,
  ...ADMIN_ERRORS,
  ...HOST_ERRORS,
  ...HTTP_PROBLEMS,
});

/** A slow body is cut off after this: nothing that we take is large. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How often Node looks for requests whose time is up. Its own default, 30 s, would double the limits above. */
const CONNECTIONS_CHECK_MS = 1000;

/** The application as it listens, for `main` and for the end-to-end tests. */
export async function createApp(config: Config, surroundings: Surroundings): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, surroundings), {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  app.useLogger(new ApplicationLogger(await app.resolve(PinoLogger), {}));
  configureHttp(app, {
    trustProxy: config.TRUST_PROXY,
    https: config.production,
    publicUrl: config.PUBLIC_URL ?? null,
  });
  if (config.apiDocs) serveOpenApi(app, describeService(), PROBLEM_CODES);
  limitSlowRequests(app.getHttpServer());
  return app;
}

/** Before it listens: then Node starts the timer that enforces these limits. */
function limitSlowRequests(server: Server & { connectionsCheckingInterval?: number }): void {
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS / 2;
  // An option of `http.createServer`, which Nest calls without options; the server reads it when it begins to listen.
  server.connectionsCheckingInterval = CONNECTIONS_CHECK_MS;
}
