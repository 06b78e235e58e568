const ORIGIN = 'http://origin.invalid';
const LONGEST = 2000;

/**
 * A path of our own origin out of what somebody sent, for example as `returnTo`. Whatever a browser could take for
 * another origin (`//evil`, `\\evil`, `https:evil`, tabs and line ends that it drops) is not one.
 */
export function safePath(value: unknown, fallback: string): string {
  if (typeof value !== 'string' || value.length > LONGEST) return fallback;
  if (!/^\/(?![/\\])[^\\\s\p{Cc}]*$/u.test(value) || !URL.canParse(value, ORIGIN)) return fallback;
  const url = new URL(value, ORIGIN);
  // `/.//evil` is a path until it is resolved.
  if (url.origin !== ORIGIN || url.pathname.startsWith('//')) return fallback;
  return url.pathname + url.search + url.hash;
}
