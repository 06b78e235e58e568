import { createServer, type Server } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type Router } from 'express';
import { z } from 'zod';

const BODY_LIMIT = '100kb';
const PROVIDER_PATH = /^\/(verify|v2\/verify)(\/|$)/;

/** The Express application of the sandbox. */
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
  app.use(ignoreUnreadableBody);
  for (const router of routers) app.use(router);
  app.use((_request, response) => {
    response.status(404).json({ error: 'not found' });
  });
  app.use(answerErrors);
  return app;
}

/** Vonage treats an unreadable body as one without parameters. The sandbox's own routes say what is wrong with it. */
const ignoreUnreadableBody: ErrorRequestHandler = (error: { status?: number }, request, response, next) => {
  if (!PROVIDER_PATH.test(request.path)) return next(error);
  // The rest of an oversized body is still arriving, so this connection cannot be reused.
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
  if (error instanceof z.ZodError) {
    const issues = error.issues.map(({ path, message }) => ({ field: path.join('.') || 'body', message }));
    response
      .status(400)
      .json({ error: 'invalid body; send JSON with content-type application/json', issues });
    return;
  }
  const status = error.status !== undefined && error.status < 500 ? error.status : 500;
  response.status(status).json({ error: status === 500 ? 'the sandbox failed' : error.message });
};

/** @throws Error that says what to do if the port is in use */
export async function listen(app: Express, port: number, host: string): Promise<Server> {
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = `the sandbox cannot listen on ${host}:${port}: the port is in use; choose another SANDBOX_PORT`;
      reject(error.code === 'EADDRINUSE' ? new Error(inUse, { cause: error }) : error);
    });
    server.listen(port, host, resolve);
  });
  return server;
}

/** Closes at once: idle connections, event streams and stalled answers are cut. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
