import type { IncomingMessage } from 'node:http';

/** @returns the pattern of the route that Express has found, not the path: that may be anything that somebody typed */
export function routeOf(request: IncomingMessage): string | undefined {
  const { route } = request as IncomingMessage & { route?: { path?: unknown } };
  return typeof route?.path === 'string' ? route.path : undefined;
}
