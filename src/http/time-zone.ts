import type { Request } from 'express';
import { readCookie } from './cookies.js';

/** The name of the cookie with the time zone of the reader's device, which the script of our pages sets. It grants nothing. */
export const TIME_ZONE_COOKIE = 'otp-zone';

/** The reader's time zone, such as `Europe/Berlin`; `UTC` until a page of ours has told. */
export function timeZoneOf(request: Request): string {
  const zone = readCookie(request, TIME_ZONE_COOKIE);
  if (!zone || zone.length > 50) return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}
