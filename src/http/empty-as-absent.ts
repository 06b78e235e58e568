import { Transform } from 'class-transformer';
import { readIsoDate } from './iso-date.js';

/** A field of a DTO where empty text counts as absent: forms send it for fields that were left empty. */
export const EmptyAsAbsent = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** A number, which forms and queries send as text. Empty text counts as absent. */
export const NumberFromText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? fromText(value, Number) : value));

/** A date as {@link readIsoDate} reads it. Empty text counts as absent; other text becomes an invalid date. */
export const DateFromText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? fromText(value, (text) => readIsoDate(text) ?? new Date(NaN)) : value,
  );

const fromText = <T>(text: string, read: (text: string) => T): T | undefined =>
  text.trim() === '' ? undefined : read(text.trim());
