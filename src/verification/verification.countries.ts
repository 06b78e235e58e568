import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
} from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { PhoneNumber } from './domain/phone-number.js';

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

let examplesOfAll: [country: string, example: string][] | undefined;

/** The example of each country that has one, for the script of the page: `DE:01512 3456789|+49 1512 3456789;…` */
export function exampleNumbers(allowed: readonly string[] | null): string {
  examplesOfAll ??= getCountries().flatMap((code): [string, string][] => {
    const { country, national, international } = exampleNumber(code);
    return country === code ? [[code, `${code}:${national}|${international}`]] : [];
  });
  const shown = examplesOfAll.filter(([country]) => !allowed || allowed.includes(country));
  return shown.map(([, example]) => example).join(';');
}

/** A number to show as an example, in the two ways in which it can be typed. */
export interface ExampleNumber {
  country: string;
  national: string;
  international: string;
}

const TUTORIAL: ExampleNumber = {
  country: 'US',
  national: '(415) 555-2671',
  international: '+1 415 555 2671',
};

/** A mobile number of the country that can be typed exactly as it is shown; one of the US where there is none. */
export function exampleNumber(country: string): ExampleNumber {
  const number =
    country === TUTORIAL.country ? undefined : getExampleNumber(country as CountryCode, examples);
  if (!number) return TUTORIAL;
  const example = {
    country,
    national: number.formatNational(),
    international: number.formatInternational(),
  };
  const { phone } = PhoneNumber.read(example.national, { country });
  return phone?.e164 === number.number && phone.canReceive('sms') ? example : TUTORIAL;
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
