import type { Request, Response } from 'express';

export type Kind = 'html' | 'json';

const KINDS: Record<string, Kind> = {
  'text/html': 'html',
  'application/json': 'json',
  'application/problem+json': 'json',
};
const HTML_FIRST = Object.keys(KINDS);
const JSON_FIRST = ['application/json', 'application/problem+json', 'text/html'];

/** A JSON body, or a token where a browser has a cookie. */
const isFromProgram = (request: Request) =>
  Boolean(request.is('json')) || /^Bearer /i.test(request.get('authorization') ?? '');

/**
 * HTML or JSON, by the `Accept` header. If it ranks both equal (a lone `*` + `/*`, or no header at all), the response uses
 * the format of the request: a JSON body or a bearer token gets JSON, everything else a page.
 * @returns null when neither is acceptable
 */
export function negotiate(request: Request): Kind | null {
  const best = request.accepts(isFromProgram(request) ? JSON_FIRST : HTML_FIRST);
  return best ? (KINDS[best] ?? null) : null;
}

/** Answers that hold state, in two kinds under one address: shared caches must keep out of it. */
export function setNegotiatedHeaders(response: Response): void {
  response.vary('Accept').vary('Accept-Language').setHeader('Cache-Control', 'no-store');
}
