import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express, type Router } from 'express';
import { z } from 'zod';
import { sendValidationError } from './control-routes.js';

const BODY_LIMIT = '100kb';
const PROVIDER_PATH = /^\/(verify|v2\/verify)(\/|$)/;

export function createExpress(routers: Router[]): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_request, response, next) => {
    response.set({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' });
    next();
  });
  app.use(express.json({ limit: BODY_LIMIT }));
  app.use(express.urlencoded({ limit: BODY_LIMIT, extended: false }));
  app.use(takeUnreadableBodyAsNone);
  for (const router of routers) app.use(router);
  app.use((_request, response) => {
    response.status(404).json({ error: 'not found' });
  });
  app.use(answerErrors);
  return app;
}

/** To Vonage a body that cannot be read is one whose parameters are missing; our own routes say what is wrong. */
const takeUnreadableBodyAsNone: ErrorRequestHandler = (
  error: { status?: number },
  request,
  response,
  next,
) => {
  if (!PROVIDER_PATH.test(request.path)) return next(error);
  // The rest of an oversized body is still under way: this connection cannot be used again.
  if (error.status === 413) response.set('Connection', 'close');
  request.body = undefined;
  next();
};

const answerErrors: ErrorRequestHandler = (
  error: { status?: number; message?: string },
  _request,
  response,
  next,
) => {
  if (response.headersSent) return next(error);
  if (error instanceof z.ZodError) return sendValidationError(response, error);
  const status = error.status !== undefined && error.status < 500 ? error.status : 500;
  response.status(status).json({ error: status === 500 ? 'the sandbox failed' : error.message });
};

/** @throws Error that says what to do when the port is taken */
export async function listen(app: Express, port: number, host: string): Promise<Server> {
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `the sandbox cannot listen on ${host}:${port}: the port is in use; choose another SANDBOX_PORT`;
      reject(error.code === 'EADDRINUSE' ? new Error(taken, { cause: error }) : error);
    });
    server.listen(port, host, resolve);
  });
  return server;
}

export const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Ends at once: idle connections, streams and stalled answers are cut. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
