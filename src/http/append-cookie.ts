import { stringifySetCookie } from 'cookie';
import type { Response } from 'express';

/**
 * Sends a cookie for the whole host, which scripts cannot read and which comes with no post from another site.
 * @param how.secure for HTTPS only, as names with `__Host-` must be
 * @param how.maxAge in seconds; 0 removes it, none keeps it until the browser is closed
 */
export function appendCookie(
  response: Response,
  name: string,
  value: string,
  how: { secure: boolean; maxAge?: number },
): void {
  const cookie = { name, value, ...how, httpOnly: true, sameSite: 'lax', path: '/' } as const;
  response.append('Set-Cookie', stringifySetCookie(cookie));
}
