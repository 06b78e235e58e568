/** From here on a wait is told in minutes, and from three hours on in hours. */
export const LONG_WAIT_SECONDS = 180;
const THREE_HOURS_SECONDS = 10_800;

/** A long wait in words of a language, rounded up: `60 minutes`, `24 hours`. */
export function waitInWords(locale: string, seconds: number): string {
  const [unit, length] = seconds < THREE_HOURS_SECONDS ? ['minute', 60] : ['hour', 3600];
  const format = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay: 'long',
    numberingSystem: 'latn',
  });
  return format.format(Math.ceil(seconds / length));
}
