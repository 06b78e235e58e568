import fc from 'fast-check';
import { PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil } from 'google-libphonenumber';
import { PhoneNumber } from './phone-number.js';

const google = PhoneNumberUtil.getInstance();
const TYPES = Object.values(PhoneNumberType).filter((type): type is PhoneNumberType => Number(type) >= 0);

/** Example numbers of every region and type that this version of libphonenumber finds valid too. */
const EXAMPLES = google.getSupportedRegions().flatMap((country) =>
  TYPES.flatMap((type) => {
    const number = google.getExampleNumberForType(country, type);
    if (!number) return [];
    const e164 = google.format(number, PhoneNumberFormat.E164);
    if (PhoneNumber.read(e164).phone?.e164 !== e164) return [];
    return [
      {
        country,
        e164,
        international: google.format(number, PhoneNumberFormat.INTERNATIONAL),
        national: google.format(number, PhoneNumberFormat.NATIONAL),
      },
    ];
  }),
);

/** Replaces ASCII digits by those of another script. */
const inDigitsFrom = (zero: number) => (text: string) =>
  text.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));

const DECORATIONS: Record<string, (text: string) => string> = {
  none: (text) => text,
  'no separators': (text) => text.replace(/[^\d+]/g, ''),
  'no-break spaces': (text) => text.replace(/[ -]/g, '\u00a0'),
  'narrow no-break spaces': (text) => text.replace(/[ -]/g, '\u202f'),
  dots: (text) => text.replace(/[ -]/g, '.'),
  hyphens: (text) => text.replace(/ /g, '-'),
  'non-breaking hyphens': (text) => text.replace(/[ -]/g, '\u2011'),
  dashes: (text) => text.replace(/[ -]/g, '–'),
  slashes: (text) => text.replace(/ /, '/'),
  brackets: (text) => text.replace(/(\d+)$/, '($1)'),
  'square brackets': (text) => text.replace(/(\d+)$/, '[$1]'),
  'brackets around the calling code': (text) => text.replace(/^(\+\d+)/, '($1)'),
  'full-width digits': (text) => inDigitsFrom(0xff10)(text).replace('+', '＋'),
  'Arabic-Indic digits': inDigitsFrom(0x0660),
  'Persian digits': inDigitsFrom(0x06f0),
  'Devanagari digits': inDigitsFrom(0x0966),
  'direction marks': (text) => `\u202a${text}\u202c`,
  isolates: (text) => `\u2066${text}\u2069`,
  'zero-width spaces': (text) => text.split('').join('\u200b'),
  'tel:': (text) => `tel:${text.replace(/ /g, '-')}`,
  'spaces around': (text) => `  ${text} \t`,
  'trailing no-break space': (text) => `${text}\u00a0`,
};

/** Every way in which the number was read as another one. */
function misread(
  spelling: string,
  e164: string,
  countries: { country?: string | undefined; defaultCountry?: string | undefined },
): string[] {
  return Object.entries(DECORATIONS).flatMap(([name, decorate]) => {
    const text = decorate(spelling);
    const { phone } = PhoneNumber.read(text, countries);
    return phone === null || phone.e164 === e164
      ? []
      : [`${text} (${name}) with ${JSON.stringify(countries)}: ${phone.e164} instead of ${e164}`];
  });
}

describe('the example numbers of every region and type', () => {
  it('are known', () => {
    expect(new Set(EXAMPLES.map(({ country }) => country)).size).toBeGreaterThan(240);
    expect(EXAMPLES.length).toBeGreaterThan(900);
    expect(Object.keys(DECORATIONS).length).toBeGreaterThan(20);
  });

  it('in international form are the same number, with and without their country', () => {
    const wrong = EXAMPLES.flatMap(({ country, e164, international }) => [
      ...misread(international, e164, {}),
      ...misread(international, e164, { country }),
    ]);
    expect(wrong).toEqual([]);
    const refused = EXAMPLES.filter(({ international }) => !PhoneNumber.read(international).phone);
    expect(refused).toEqual([]);
  });

  it('in national form with their country are the same number, or refused', () => {
    const wrong = EXAMPLES.flatMap(({ country, e164, national }) => [
      ...misread(national, e164, { country }),
    ]);
    expect(wrong).toEqual([]);
    const refused = EXAMPLES.filter(
      ({ national, country }) => !PhoneNumber.read(national, { country }).phone,
    );
    expect(refused.length).toBeLessThan(EXAMPLES.length / 50);
  });

  it('in E.164 without + are the same number, or refused', () => {
    const wrong = EXAMPLES.flatMap(({ country, e164 }) => [
      ...misread(e164.slice(1), e164, { country }),
      ...misread(e164.slice(1), e164, { defaultCountry: country }),
    ]);
    expect(wrong).toEqual([]);
  });

  it('after 00 are the same number, or refused, whatever the default country is', () => {
    const defaults = ['US', 'GB', 'AU', 'HK', 'KR', 'TH', 'NG', 'KE', 'ID', 'RU', 'JP', undefined];
    const wrong = EXAMPLES.flatMap(({ country, e164, international }) =>
      defaults
        // A number of the default country itself is one that the person named.
        .filter((defaultCountry) => defaultCountry !== country)
        .flatMap((defaultCountry) =>
          ['00', '00 '].flatMap((exitCode) => {
            const text = exitCode + international.slice(1);
            const { phone } = PhoneNumber.read(text, { defaultCountry });
            const isSame = phone === null || phone.e164 === e164 || phone.country === defaultCountry;
            return isSame ? [] : [`${text} with ${defaultCountry}: ${phone.e164}`];
          }),
        ),
    );
    expect(wrong).toEqual([]);
  });

  it('in national form without a country are refused', () => {
    const wrong = EXAMPLES.filter(({ national }) => /\D/.test(national)).filter(
      ({ national, e164 }) => ![undefined, e164].includes(PhoneNumber.read(national).phone?.e164),
    );
    expect(wrong).toEqual([]);
  });
});

/** `SPELLINGS=20000 npx jest src/verification/domain/number-spellings` tries more. */
const RUNS = Number(process.env['SPELLINGS'] ?? 5000);

describe(`${RUNS} generated inputs`, () => {
  const countries = [...new Set(EXAMPLES.map(({ country }) => country))];
  const spellings = {
    international: ({ international }: (typeof EXAMPLES)[number]) => international,
    national: ({ national }: (typeof EXAMPLES)[number]) => national,
    'after 00': ({ international }: (typeof EXAMPLES)[number]) => `00 ${international.slice(1)}`,
    'E.164 without +': ({ e164 }: (typeof EXAMPLES)[number]) => e164.slice(1),
  };

  it('name the country of every number that is read', () => {
    let read = 0;
    const property = fc.property(
      fc.constantFrom(...EXAMPLES),
      fc.constantFrom(...(Object.keys(spellings) as (keyof typeof spellings)[])),
      fc.constantFrom(...Object.keys(DECORATIONS)),
      fc.option(fc.constantFrom(...countries), { nil: undefined, freq: 2 }),
      fc.option(fc.constantFrom(...countries), { nil: undefined, freq: 2 }),
      fc.option(fc.nat(9), { nil: undefined }),
      (example, spelling, decoration, country, defaultCountry, lastDigit) => {
        const spelled = spellings[spelling](example);
        const typed = DECORATIONS[decoration]!(
          lastDigit === undefined ? spelled : spelled.replace(/\d(?=\D*$)/, String(lastDigit)),
        );
        const { phone } = PhoneNumber.read(typed, { country, defaultCountry });
        if (phone === null) return true;
        read += 1;
        const chosen = country ?? defaultCountry;
        // The calling code was written, and nothing was chosen that makes the digits a national number.
        const isWritten =
          spelling !== 'national' &&
          phone.e164.slice(0, -1) === example.e164.slice(0, -1) &&
          !(spelling === 'E.164 without +' && country && country !== example.country);
        const isOfChosen =
          chosen !== undefined && google.isValidNumberForRegion(google.parse(phone.e164), chosen);
        const isBareE164 =
          chosen === undefined && /^\d+$/.test(digitsOf(typed)) && phone.e164 === `+${digitsOf(typed)}`;
        return isWritten || isOfChosen || isBareE164;
      },
    );
    fc.assert(property, { numRuns: RUNS, seed: 14 });
    expect(read).toBeGreaterThan(RUNS / 4);
  });
});

const digitsOf = (text: string) =>
  text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/^tel:/, '')
    .trim();
