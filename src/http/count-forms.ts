/** One count of each plural category of CLDR, whatever the language. */
const COUNTS = [0, 1, 2, 3, 11, 100];

/**
 * Says the same for a count of each plural category of a language, as JSON. The script of the pages counts down with it,
 * because "2 seconds" cannot become "1 seconds".
 */
export function countForms(locale: string, say: (count: number) => string): string {
  const rules = new Intl.PluralRules(locale);
  return JSON.stringify(Object.fromEntries(COUNTS.map((count) => [rules.select(count), say(count)])));
}
