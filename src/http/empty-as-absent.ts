import { Transform } from 'class-transformer';

// A day from the ends of the calendar, so that rounding, time zones and clock skew stay within it.
const FIRST_DATE = new Date('0001-01-02T00:00:00Z');
const LAST_DATE = new Date('9999-12-30T23:59:59Z');

/** On a field of a DTO: a form sends what was left alone as an empty text. */
export const EmptyAsAbsent = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** The same for a number, which forms and addresses send as text. */
export const NumberFromText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? fromText(value, Number) : value));

/** The same for a moment, of the years 1 to 9999: Postgres and ISO 8601 do not agree on what lies beyond. */
export const DateFromText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? fromText(value, dateWithinBounds) : value,
  );

/** @returns an invalid date for malformed text and for a date out of bounds */
function dateWithinBounds(text: string): Date {
  const date = new Date(text);
  return date >= FIRST_DATE && date <= LAST_DATE ? date : new Date(NaN);
}

const fromText = <T>(text: string, read: (text: string) => T): T | undefined =>
  text.trim() === '' ? undefined : read(text.trim());
