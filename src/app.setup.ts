import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { PinoLogger } from 'nestjs-pino';
import { AppModule, type Surroundings } from './app.module.js';
import type { Config } from './config/index.js';
import { configureHttp } from './http/index.js';
import { ApplicationLogger, openApiDocument, serveOpenApi } from './operations/index.js';
import { describeService } from './verification/index.js';

/** A slow body is cut off after this: nothing that we take is large. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The application as it listens, for `main` and for the end-to-end tests. */
export async function createApp(config: Config, surroundings: Surroundings): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, surroundings), {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  app.useLogger(new ApplicationLogger(await app.resolve(PinoLogger), {}));
  configureHttp(app, { trustProxy: config.TRUST_PROXY, https: config.production });
  serveOpenApi(app, openApiDocument(app, describeService()));
  const server = app.getHttpServer();
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS / 2;
  return app;
}
