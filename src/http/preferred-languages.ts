import type { Request } from 'express';

/** The languages in `Accept-Language`, BCP 47, preferred first. Empty when the client states none. */
export const preferredLanguages = (request: Request): string[] =>
  request.acceptsLanguages().filter((language) => language !== '*');

/**
 * The region of the preferred language, ISO 3166-1 alpha-2: `AT` for `de-AT,en;q=0.8`. Firefox sends `fr,fr-FR,en-US`, so a
 * later entry of the same language counts. The region of another language is no hint of where somebody is.
 */
export function preferredRegion(request: Request): string | undefined {
  const languages = preferredLanguages(request).map(localeOf);
  const [preferred] = languages;
  return languages.find((each) => each?.region && each.language === preferred?.language)?.region;
}

/** Reads a language tag as browsers and operating systems write it: `de-AT`, `zh-Hans-CN`, `en_US`. */
export function localeOf(tag: string): Intl.Locale | undefined {
  if (tag.length > 100) return undefined;
  try {
    return new Intl.Locale(tag.trim().replaceAll('_', '-'));
  } catch {
    return undefined;
  }
}
