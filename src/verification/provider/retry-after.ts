/** Longer than anybody should have to wait. */
const MAX_RETRY_AFTER_SECONDS = 86_400;

/** A `Retry-After` in seconds: it may be a date. 0 for anything else. */
export function secondsOfRetryAfter(header: unknown): number {
  const retryAfter = String(header);
  const seconds = /^\d+$/.test(retryAfter)
    ? Number(retryAfter)
    : (Date.parse(retryAfter) - Date.now()) / 1000;
  return seconds > 0 ? Math.min(seconds, MAX_RETRY_AFTER_SECONDS) : 0;
}
