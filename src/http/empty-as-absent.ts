import { Transform } from 'class-transformer';

/** On a field of a DTO: a form sends what was left alone as an empty text. */
export const EmptyAsAbsent = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));
