import { Transform } from 'class-transformer';

// One day inside the years 1 and 9999, so that rounding, time zones and clock skew stay within them.
const FIRST_DATE = new Date('0001-01-02T00:00:00Z');
const LAST_DATE = new Date('9999-12-30T23:59:59Z');

/** A field of a DTO where empty text counts as absent: forms send it for fields that were left empty. */
export const EmptyAsAbsent = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** A number, which forms and queries send as text. Empty text counts as absent. */
export const NumberFromText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? fromText(value, Number) : value));

/** A date of the years 1 to 9999; Postgres and ISO 8601 disagree about others. Empty text counts as absent. */
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
