import type { Request, Response } from 'express';

export type Kind = 'html' | 'json';

const KINDS: Record<string, Kind> = {
  'text/html': 'html',
  'application/json': 'json',
  'application/problem+json': 'json',
};
const HTML_FIRST = Object.keys(KINDS);
const JSON_FIRST = ['application/json', 'application/problem+json', 'text/html'];

/**
 * HTML or JSON, by the `Accept` header. What it ranks equal (a lone `*` + `/*`, or no header at all) is answered in the
 * kind that was asked in: a JSON body gets JSON, everything else a page.
 * @returns null when neither is acceptable
 */
export function negotiate(request: Request): Kind | null {
  const best = request.accepts(request.is('json') ? JSON_FIRST : HTML_FIRST);
  return best ? (KINDS[best] ?? null) : null;
}

/** Answers that hold state, in two kinds under one address: shared caches must keep out of it. */
export function setNegotiatedHeaders(response: Response): void {
  response.vary('Accept').vary('Accept-Language').setHeader('Cache-Control', 'no-store');
}
