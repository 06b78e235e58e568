import { localeOf } from '../../http/index.js';

/**
 * Which region speaks for a language outside of its home: `en-NZ` is nearer to British English, `es-AR` and `es-419` to
 * Mexican Spanish, `pt-AO` to European Portuguese. A language without a region means its home.
 */
const ABROAD: Readonly<Record<string, string>> = { en: 'GB', es: 'MX', pt: 'PT' };

/** Vonage writes Estonian with another code than BCP 47. */
const BCP_47: Readonly<Record<string, string>> = { 'ee-et': 'et-EE' };

/**
 * The language of a message: the nearest one that the provider has to what the person prefers (RFC 4647 lookup), otherwise
 * to what is usual in the number's country. Undefined leaves it to the provider.
 * @param wanted language tags, preferred first
 * @param country of the number, ISO 3166-1 alpha-2
 * @param available the provider's locales, such as `en-gb`
 */
export function messageLocale(
  wanted: readonly string[],
  country: string,
  available: readonly string[],
): string | undefined {
  return [...wanted, `und-${country}`].map((tag) => nearestLocale(tag, available)).find(Boolean);
}

function nearestLocale(tag: string, available: readonly string[]): string | undefined {
  const asTheProvider = available.find((name) => name === tag.toLowerCase().replaceAll('_', '-'));
  if (asTheProvider) return asTheProvider;
  const wanted = localeOf(tag)?.maximize();
  if (!wanted) return undefined;
  const language = languageOf(wanted);
  const sameLanguage = available
    .map((name) => ({ name, locale: new Intl.Locale(BCP_47[name] ?? name).maximize() }))
    .filter(({ locale }) => locale.language === language);
  const sameScript = sameLanguage.filter(({ locale }) => locale.script === wanted.script);
  const near = sameScript.length > 0 ? sameScript : sameLanguage;
  const regions = [wanted.region, ABROAD[language], new Intl.Locale(language).maximize().region];
  const best = regions.map((region) => near.find(({ locale }) => locale.region === region)).find(Boolean);
  return (best ?? near[0])?.name;
}

/** Vonage has Norwegian as Bokmål only. */
const languageOf = ({ language }: Intl.Locale): string =>
  language === 'no' || language === 'nn' ? 'nb' : language;
