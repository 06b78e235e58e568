import type { Request, Response } from 'express';

/** The two kinds of responses. */
export type Kind = 'html' | 'json';

const KINDS: Record<string, Kind> = {
  'text/html': 'html',
  'application/json': 'json',
  'application/problem+json': 'json',
};
const HTML_FIRST = Object.keys(KINDS);
const JSON_FIRST = ['application/json', 'application/problem+json', 'text/html'];

export const hasBearerToken = (request: Request): boolean =>
  (request.get('authorization') ?? '').toLowerCase().startsWith('bearer ');

/** Programs send JSON bodies and bearer tokens; browsers send forms and cookies. */
const isFromProgram = (request: Request) => Boolean(request.is('json')) || hasBearerToken(request);

/** Parameters such as `charset=utf-8`, without which a type is as good to its reader. */
const PARAMETERS = /;\s*(?!q\s*=)[^\s=;,]+\s*=\s*("[^"]*"|[^;,]*)/gi;

/** The best of some types for a client; false for none. */
function accepted(request: Request, types: string[]): string | false {
  const { accept = '' } = request.headers;
  const plain = accept.replace(PARAMETERS, '');
  if (plain === accept) return request.accepts(types);
  const headers = { ...request.headers, accept: plain };
  return (Object.create(request, { headers: { value: headers } }) as Request).accepts(types);
}

/**
 * Chooses HTML or JSON by the `Accept` header. If the header ranks both equal, or is missing, programs get JSON and
 * browsers get HTML.
 * @returns null when neither is acceptable
 */
export function negotiate(request: Request): Kind | null {
  const best = accepted(request, isFromProgram(request) ? JSON_FIRST : HTML_FIRST);
  return best ? (KINDS[best] ?? null) : null;
}

/** Whether somebody opens a page: browsers then name HTML first. */
export const opensPage = (request: Request): boolean =>
  ['GET', 'HEAD'].includes(request.method) &&
  (request.get('accept') ?? '').includes('text/html') &&
  accepted(request, ['json', 'html']) === 'html';

/** Whether a form was posted, by a browser or as one does it, and its answer is for a person. */
export const isForm = (request: Request): boolean =>
  request.method === 'POST' && Boolean(request.is('urlencoded')) && negotiate(request) === 'html';

/** Whether a browser posts a form. Other clients, which may not follow redirects, do not say so. */
export const isFormOfBrowser = (request: Request): boolean =>
  request.method === 'POST' && request.get('sec-fetch-mode') === 'navigate';

/** One URL has two kinds of responses, and they contain state: shared caches must not store them. */
export function setNegotiatedHeaders(response: Response): void {
  response.vary('Accept').vary('Accept-Language').setHeader('Cache-Control', 'no-store');
}
