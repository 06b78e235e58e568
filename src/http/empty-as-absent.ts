import { Transform } from 'class-transformer';

/** On a field of a DTO: a form sends what was left alone as an empty text. */
export const EmptyAsAbsent = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** The same for a number, which forms and addresses send as text. */
export const NumberFromText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? fromText(value, Number) : value));

/** The same for a moment. */
export const DateFromText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? fromText(value, (text) => new Date(text)) : value,
  );

const fromText = <T>(text: string, read: (text: string) => T): T | undefined =>
  text.trim() === '' ? undefined : read(text.trim());
