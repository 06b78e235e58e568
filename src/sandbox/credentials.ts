import type { Request } from 'express';

export interface Credentials {
  apiKey?: string | undefined;
  apiSecret?: string | undefined;
}

/** Basic authentication, or `api_key` and `api_secret` in the body or the query as v1 still takes them. */
export function isAuthorized(request: Request, expected: Credentials): boolean {
  const header = request.get('authorization') ?? '';
  // A JWT would be signed with a key that we do not have: having one is enough here.
  if (/^Bearer \S+$/.test(header)) return request.path.startsWith('/v2/');
  const { apiKey, apiSecret } = header.startsWith('Basic ') ? fromBasic(header) : fromParameters(request);
  if (!apiKey || !apiSecret) return false;
  return (
    (expected.apiKey === undefined || expected.apiKey === apiKey) &&
    (expected.apiSecret === undefined || expected.apiSecret === apiSecret)
  );
}

function fromBasic(header: string): Credentials {
  const decoded = Buffer.from(header.slice('Basic '.length), 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return { apiKey: decoded.slice(0, colon), apiSecret: decoded.slice(colon + 1) };
}

function fromParameters(request: Request): Credentials {
  if (request.path.startsWith('/v2/')) return {};
  const { api_key: apiKey, api_secret: apiSecret } = { ...request.query, ...request.body } as Record<
    string,
    string
  >;
  return { apiKey, apiSecret };
}
