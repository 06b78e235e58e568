/** The code of a refusal that says what has changed in a country's numbers. */
export type NumberChange =
  'changed-ar' | 'changed-bj' | 'changed-br' | 'changed-ci' | 'changed-cm' | 'changed-mx' | 'changed-vn';

/** A way in which a country's numbers used to be written. Phones still store them like that. */
interface NationalChange {
  /** ISO 3166-1 alpha-2. */
  country: string;
  code: NumberChange;
  /** The digits without the calling code, in the old form. */
  old: RegExp;
  /**
   * The present number as a part of {@link old}, where only one number is possible. Without it nothing is guessed: the
   * number is refused, and the refusal says what has changed.
   */
  now?: '$1';
  /** The old form is a valid landline today. The rule applies when a text message was asked for. */
  isLandline?: true;
}

/** The one table of national changes. The domain tries it only on digits that are not a valid number today. */
const NATIONAL_CHANGES: readonly NationalChange[] = [
  {
    // From abroad, mobile numbers have a 9 after +54. Without it the same digits are a landline.
    // Plan Fundamental de Numeración Nacional, Resolución SC 46/97; libphonenumber has the same rule.
    country: 'AR',
    code: 'changed-ar',
    old: /^0?(?:11|[23]\d{2,3})\d{6,8}$/,
    isLandline: true,
  },
  {
    // 30 November 2024: 8 digits became 10, with 01 in front of all numbers (ARCEP Bénin).
    // https://fr.allafrica.com/stories/202411300249.html
    country: 'BJ',
    code: 'changed-bj',
    old: /^[2-9]\d{7}$/,
  },
  {
    // 29 July 2012 to 6 November 2016, area by area: mobile numbers got a ninth digit, a 9 after the area code.
    // Anatel, Resolução 553/2010 and Ato 6.305/2012. https://algartelecom.com.br/empresas/atendimento/nono-digito.html
    country: 'BR',
    code: 'changed-br',
    old: /^(?:0(?:\d\d)?)?[1-9]\d[6-9]\d{7}$/,
  },
  {
    // 31 January 2021: 8 digits became 10. The two in front depend on the operator (ARTCI).
    // https://newsgeek.ci/2020/07/28/telephonie-la-cote-divoire-bascule-a-10-chiffres-a-partir-du-31-janvier-2021
    country: 'CI',
    code: 'changed-ci',
    old: /^\d{8}$/,
  },
  {
    // 21 November 2014: 8 digits became 9, with a 6 in front of mobile numbers and a 2 in front of landlines.
    // ART Cameroon, communication of 6 October 2014 to the ITU.
    country: 'CM',
    code: 'changed-cm',
    old: /^[2-9]\d{7}$/,
  },
  {
    // 3 August 2019: ten digits from everywhere. The 1 after +52 and the prefixes 01, 044 and 045 are abolished. They were
    // dialled, but were never part of the number, so what follows them is the number.
    // IFT, Plan Técnico Fundamental de Numeración (2018). https://mexiconewsdaily.com/news/telephone-dialing-changes-now-in-effect
    country: 'MX',
    code: 'changed-mx',
    old: /^(?:1|01|044|045)([2-9]\d{9})$/,
    now: '$1',
  },
  {
    // 15 September 2018: mobile numbers of 11 digits (012, 016, 018, 019) became 10. The new prefix depends on the operator.
    // Ministry of Information and Communications. https://vietnamnews.vn/society/419812/11-digit-phone-numbers-to-be-cut.html
    country: 'VN',
    code: 'changed-vn',
    old: /^0?1[2689]\d{8}$/,
  },
];

const ruleFor = (country: string | undefined, digits: string) =>
  NATIONAL_CHANGES.find((change) => change.country === country && change.old.test(digits));

/** The present form of digits in an old form; null where it is unknown, or where more than one is possible. */
export function presentDigits(country: string | undefined, digits: string): string | null {
  const change = ruleFor(country, digits);
  return change?.now ? digits.replace(change.old, change.now) : null;
}

/** What has changed in the country, for digits that are no valid number there; null when nothing has that we know of. */
export const changeOf = (country: string | undefined, digits: string): NumberChange | null =>
  ruleFor(country, digits)?.code ?? null;

/** What has changed, for a landline that used to be the spelling of a mobile number. */
export function changeOfLandline(country: string, digits: string): NumberChange | null {
  const change = ruleFor(country, digits);
  return change?.isLandline ? change.code : null;
}
