import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max';

export interface CountryChoice {
  readonly [name: string]: string | boolean;
  code: string;
  label: string;
  selected: boolean;
}

const labels = new Map<string, { code: string; label: string }[]>();

/** The countries of the phone form's select in the reader's language and order, named by the platform (`Intl`). */
export function countryChoices(
  locale: string,
  allowed: readonly string[] | null,
  selectedCountry: string,
): CountryChoice[] {
  return (labels.get(locale) ?? loadLabels(locale))
    .filter(({ code }) => !allowed || allowed.includes(code))
    .map(({ code, label }) => ({ code, label, selected: code === selectedCountry }));
}

function loadLabels(locale: string) {
  const names = new Intl.DisplayNames([locale], { type: 'region', fallback: 'code' });
  const order = new Intl.Collator(locale);
  const list = getCountries()
    .map((code) => ({ code: code as string, label: `${names.of(code)} (+${getCountryCallingCode(code)})` }))
    .sort((a, b) => order.compare(a.label, b.label));
  labels.set(locale, list);
  return list;
}
