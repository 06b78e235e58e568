import type { Response } from 'express';

/** Only our own scripts, styles and images, and no frame around us. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  // The code page asks for the state of its message.
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join(';');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  // With no-referrer browsers send `Origin: null` on plain HTTP, and every form post would look cross-origin.
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};
const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Sets the security headers of our own answers. */
export function setSecurityHeaders(response: Response, { https }: { https: boolean }): void {
  response.removeHeader('X-Powered-By');
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (https)
    response.setHeader('Strict-Transport-Security', `max-age=${ONE_YEAR_SECONDS}; includeSubDomains`);
}
