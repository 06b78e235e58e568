import type { Request } from 'express';

export interface ExpectedCredentials {
  apiKey?: string;
  apiSecret?: string;
}

export interface GivenCredentials {
  apiKey?: string;
  apiSecret?: string;
  /** A JWT of an application: v2 only, and never looked into. */
  bearer?: string;
}

/** From the Authorization header or, as v1 still takes them, from the form or the query. */
export function readCredentials(
  request: Request,
  parameters: Record<string, unknown> = {},
): GivenCredentials {
  const [scheme = '', value = ''] = (request.get('authorization') ?? '').split(/ +/, 2);
  if (/^bearer$/i.test(scheme) && value) return { bearer: value };
  if (/^basic$/i.test(scheme)) {
    const [, apiKey, apiSecret] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, 'base64').toString('utf8')) ?? [];
    return { ...(apiKey ? { apiKey } : {}), ...(apiSecret ? { apiSecret } : {}) };
  }
  const { api_key: apiKey, api_secret: apiSecret } = parameters;
  return {
    ...(typeof apiKey === 'string' && apiKey ? { apiKey } : {}),
    ...(typeof apiSecret === 'string' && apiSecret ? { apiSecret } : {}),
  };
}

/** Without expectations any key and secret will do. */
export function credentialsMatch(given: GivenCredentials, expected: ExpectedCredentials): boolean {
  if (given.bearer) return true;
  return (
    (expected.apiKey === undefined || given.apiKey === expected.apiKey) &&
    (expected.apiSecret === undefined || given.apiSecret === expected.apiSecret)
  );
}
