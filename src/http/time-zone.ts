import { parseCookie } from 'cookie';
import type { Request } from 'express';

/** The name of the cookie with the time zone of the reader's device, which the script of our pages sets. It grants nothing. */
export const TIME_ZONE_COOKIE = 'otp-zone';

/** The reader's time zone, such as `Europe/Berlin`; `UTC` until a page of ours has told. */
export function timeZoneOf(request: Request): string {
  const zone = parseCookie(request.get('cookie') ?? '')[TIME_ZONE_COOKIE];
  if (!zone || zone.length > 50) return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}
