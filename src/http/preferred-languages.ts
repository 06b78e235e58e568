import type { Request } from 'express';
import { cookieNameFor, readCookie } from './cookies.js';

/** The cookie with the language that somebody chose. It grants nothing. */
export const LANGUAGE_COOKIE = 'otp-language';

/** The language that somebody chose in the menu of our pages. */
export function chosenLanguage(request: Request): string | undefined {
  const tag = readCookie(request, cookieNameFor(request, LANGUAGE_COOKIE));
  return tag && localeOf(tag) ? tag : undefined;
}

/** The languages in `Accept-Language`, BCP 47, preferred first. Empty when the client states none. */
const acceptedLanguages = (request: Request): string[] =>
  request.acceptsLanguages().filter((language) => language !== '*');

/** The languages of a person, BCP 47, preferred first: the one that was chosen, and those in `Accept-Language`. */
export function preferredLanguages(request: Request): string[] {
  const chosen = chosenLanguage(request);
  const accepted = acceptedLanguages(request);
  if (!chosen) return accepted;
  // `de-AT` says more than the `de` of our menu.
  const same = accepted.filter((tag) => bestLocale([tag], [chosen]) !== undefined);
  return [...same, chosen, ...accepted.filter((tag) => !same.includes(tag))];
}

/**
 * The language of a page: the first preferred one that there is. The same script counts and not the same region:
 * `zh-CN` gets `zh-Hans`, `pt-PT` gets `pt-BR`, and `zh-TW`, which is written otherwise, the next one.
 */
export function bestLocale(preferred: readonly string[], available: readonly string[]): string | undefined {
  for (const tag of preferred) {
    const exact = available.find((each) => each.toLowerCase() === tag.toLowerCase());
    const wanted = localeOf(tag)?.maximize();
    const same = available.find((each) => {
      const { language, script } = new Intl.Locale(each).maximize();
      return language === wanted?.language && script === wanted.script;
    });
    if (exact ?? same) return exact ?? same;
  }
  return undefined;
}

/**
 * The region of the preferred language, ISO 3166-1 alpha-2: `AT` for `de-AT,en;q=0.8`. Firefox sends `fr,fr-FR,en-US`, so a
 * later entry of the same language counts. The region of another language is no hint of where somebody is.
 */
export function preferredRegion(request: Request): string | undefined {
  const languages = acceptedLanguages(request).map(localeOf);
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
