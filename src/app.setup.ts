import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { PinoLogger } from 'nestjs-pino';
import { DataSource } from 'typeorm';
import { ADMIN_ERRORS } from './admin/index.js';
import { AppModule, type Surroundings } from './app.module.js';
import type { Config } from './config/index.js';
import { poolOf } from './database/sql.js';
import { HTTP_PROBLEMS } from './http/index.js';
import { HOST_ERRORS } from './host/index.js';
import {
  ApplicationLogger,
  configureHttp,
  DatabaseCheck,
  Overload,
  serveOpenApi,
} from './operations/index.js';
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

/** What has to work most of all when nothing else does. */
const ALWAYS_SERVED = ['/health/', '/otp-assets/', '/sign-out', '/two-factor/sign-out'];

/** A slow body is cut off after this: nothing that we take is large. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than proxies keep an unused connection (nginx and AWS: 60 s): the one that sends has to close it, or a request gets lost. */
const KEEP_ALIVE_MS = 75_000;
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
  const overload =
    config.OVERLOAD_WAIT_MS && new Overload(poolOf(app.get(DataSource)), config.OVERLOAD_WAIT_MS);
  const database = app.get(DatabaseCheck, { strict: false });
  configureHttp(app, {
    logLevel: config.LOG_LEVEL,
    trustProxy: config.TRUST_PROXY,
    // With wrong keys, numbers would be stored that nobody else can read, and limits would start again from zero.
    mustRefuse: () => (overload && overload.isOverloaded) || database.areKeysWrong,
    alwaysServed: ALWAYS_SERVED,
  });
  if (config.apiDocs) serveOpenApi(app, describeService(), PROBLEM_CODES);
  limitSlowRequests(app.getHttpServer());
  return app;
}

/** Before it listens: then Node starts the timer that enforces these limits. */
function limitSlowRequests(server: Server & { connectionsCheckingInterval?: number }): void {
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS / 2;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // An option of `http.createServer`, which Nest calls without options; the server reads it when it begins to listen.
  server.connectionsCheckingInterval = CONNECTIONS_CHECK_MS;
}
