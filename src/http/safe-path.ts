const ORIGIN = 'http://origin.invalid';
const MAX_LENGTH = 2000;

/**
 * Returns an untrusted path, such as `returnTo`, if it stays on our own origin, and otherwise the fallback. Anything that
 * a browser could read as another origin is rejected: `//evil`, `\\evil`, `https:evil`, and tabs or line breaks.
 */
export function safePath(value: unknown, fallback: string): string {
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return fallback;
  if (!/^\/(?![/\\])[^\\\s\p{Cc}]*$/u.test(value) || !URL.canParse(value, ORIGIN)) return fallback;
  const url = new URL(value, ORIGIN);
  // `/.//evil` leaves our origin only once it is resolved.
  if (url.origin !== ORIGIN || url.pathname.startsWith('//')) return fallback;
  return url.pathname + url.search + url.hash;
}
